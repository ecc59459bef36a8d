import { domainOf } from './sender.ts';

/** What tells a machine's mail from a person's. */
export interface MailOrigin {
  source: string;
  from: string;
  header(name: string): string | undefined;
}

/** Why a mail could begin a loop of mails between machines; undefined when it could not. What is refused here is never answered. */
export function loopRefusal({ source, from, header }: MailOrigin, ownDomain: string, canary = false): string | undefined {
  if (source === '') return 'The mail has no sender to return it to: it is a bounce or a notice of a machine.';
  const automatic = header('auto-submitted')?.trim().toLowerCase();
  if (automatic !== undefined && !/^no\b/.test(automatic))
    return `The mail was sent by a machine: Auto-Submitted is ${cut(automatic)}.`;
  const precedence = header('precedence')?.trim().toLowerCase();
  if (precedence !== undefined && /^(bulk|list|junk)\b/.test(precedence))
    return `The mail was sent to many: Precedence is ${cut(precedence)}.`;
  const own = ownDomain.toLowerCase();
  if (!canary && (domainOf(from) === own || domainOf(source) === own)) return `The mail comes from ${own}, where it goes to.`;
  return undefined;
}

const cut = (text: string) => text.slice(0, 60);
