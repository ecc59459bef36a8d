import type { Arrival } from './arrival.ts';
import type { Mailbox } from './mailbox.ts';
import { senderIn } from './sender-line.ts';

const ONE_AT = /^[^@\s]+@[^@\s]+$/;

export const domainOf = (address: string) => address.slice(address.lastIndexOf('@') + 1).toLowerCase();

/** Why a mail is turned away for what the checks of the mail service found; undefined when they found nothing. */
export function verdictRefusal({ verdicts }: Pick<Arrival, 'verdicts'>): string | undefined {
  const { spam, virus, spf, dkim, dmarc } = verdicts;
  // A scan that broke off has found nothing, which is not the same as nothing to find.
  if (virus === 'FAIL' || virus === 'PROCESSING_FAILED') return `The virus check says ${virus}.`;
  if (spam === 'FAIL') return 'The spam check says FAIL.';
  if (dmarc === 'FAIL') return 'The DMARC check says FAIL: the mail does not come from the domain it names as its sender.';
  // Whoever forwards a mail sends it from a server of its own, and a mailing list breaks signatures; one of the two is enough for DMARC.
  if (dmarc === 'PASS') return undefined;
  if (spf === 'FAIL') return 'The SPF check says FAIL: the sending server may not send for that domain.';
  if (dkim === 'FAIL') return 'The DKIM check says FAIL: the signature of the mail is wrong.';
  return undefined;
}

/** One domain is the other, or stands below it. The names of the top belong to nobody. */
function aligned(one: string, other: string): boolean {
  if (!one.includes('.') || !other.includes('.')) return false;
  return one === other || one.endsWith(`.${other}`) || other.endsWith(`.${one}`);
}

/**
 * Whether the From address is more than a claim: the mail service reads the same one, and SPF or DKIM has passed for its domain. That DMARC has
 * passed does not say for which domain: that of the address the service read, which may be another one.
 */
export function isProven(address: string, { verdicts, source, signedBy, from }: Arrival): boolean {
  // A comma in a name makes several of it, all but one without an address.
  const [seen, ...more] = from.filter((one) => one.includes('@')).map(senderIn);
  if (more.length > 0 || seen?.kind !== 'one' || seen.address.toLowerCase() !== address.toLowerCase()) return false;
  const domain = domainOf(address);
  if (verdicts.spf === 'PASS' && ONE_AT.test(source) && aligned(domainOf(source), domain)) return true;
  return verdicts.dkim === 'PASS' && signedBy.some((signer) => aligned(signer, domain));
}

/** Why a sender may not start runs here; undefined when it may. */
export function permissionRefusal(
  { permission, allowed }: Pick<Mailbox, 'permission' | 'allowed'>,
  sender: { address: string; proven: boolean },
  members: readonly string[],
): string | undefined {
  if (permission === 'anyone') return undefined;
  const address = sender.address.toLowerCase();
  const always = allowed.includes(address) || allowed.includes(`@${domainOf(address)}`);
  const listed = always || (permission === 'collaborators' && members.includes(address));
  if (!listed)
    return permission === 'collaborators'
      ? `${sender.address} is not the mail address of a member of the project.`
      : `${sender.address} is not among the addresses and domains that may write here.`;
  if (!sender.proven)
    return `Nothing proves that the mail comes from ${sender.address}: neither SPF nor DKIM has passed for its domain.`;
  return undefined;
}
