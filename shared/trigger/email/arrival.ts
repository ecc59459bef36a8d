import * as z from 'zod';

const verdict = z.object({ status: z.string() }).transform(({ status }) => status.toUpperCase());
const header = z.object({ name: z.string(), value: z.string() });

/** "SES delivery" as its Lambda action sends it, as far as it concerns us. The mail itself lies in the bucket. */
export const sesRecord = z.object({
  ses: z.object({
    mail: z.object({
      messageId: z.string().regex(/^[A-Za-z0-9_.-]{1,200}$/),
      timestamp: z.string(),
      /** Envelope sender; empty for what no one should answer. */
      source: z.string().default(''),
      headers: z.array(header).default([]),
      commonHeaders: z.object({ from: z.array(z.string()).default([]) }).default({ from: [] }),
    }),
    receipt: z.object({
      recipients: z.array(z.string()),
      spamVerdict: verdict,
      virusVerdict: verdict,
      spfVerdict: verdict,
      dkimVerdict: verdict,
      dmarcVerdict: verdict,
    }),
  }),
});

/** One mail, as SES has received and judged it. */
export const arrival = z.object({
  messageId: z.string(),
  at: z.string(),
  source: z.string(),
  recipients: z.array(z.string()),
  verdicts: z.object({ spam: z.string(), virus: z.string(), spf: z.string(), dkim: z.string(), dmarc: z.string() }),
  /** Domains whose DKIM signature SES has found good. */
  signedBy: z.array(z.string()),
  /** Whom SES takes for the sender, as it writes them. */
  from: z.array(z.string()).default([]),
});
export type Arrival = z.infer<typeof arrival>;

/** What we keep of a record of the event. */
export function arrivalOf({ ses: { mail, receipt } }: z.infer<typeof sesRecord>): Arrival {
  return {
    messageId: mail.messageId,
    at: mail.timestamp,
    source: mail.source === '<>' ? '' : mail.source,
    recipients: receipt.recipients,
    verdicts: {
      spam: receipt.spamVerdict,
      virus: receipt.virusVerdict,
      spf: receipt.spfVerdict,
      dkim: receipt.dkimVerdict,
      dmarc: receipt.dmarcVerdict,
    },
    signedBy: signersIn(mail.headers, mail.source),
    from: mail.commonHeaders.from,
  };
}

/** Headers that SES puts before those of the sender. */
const FROM_SES = /^(return-path|received|received-spf|x-ses-(spam|virus)-verdict)$/i;
const PLAIN_SOURCE = /^[\w.!#$%&'*+/=?^`{|}~@-]*$/;
/** The client's greeting ends the header, so that whatever it holds stands behind `helo=`. */
const PLAIN_GREETING = /^[^;]*;(?: envelope-from=[^;\s]*;)? helo=[\w.:[\]-]*;?\s*$/;

/**
 * The event says that a signature was good, not whose. SES writes that into an `Authentication-Results` header above everything the sender wrote; one
 * that stands anywhere else is the sender's own word. Envelope sender and greeting are repeated in that header: with odd characters they could write
 * results of their own, so then nobody has signed.
 */
function signersIn(headers: z.infer<typeof header>[], source: string): string[] {
  const end = headers.findIndex(({ name }) => !FROM_SES.test(name));
  const results = headers[end];
  const spf = headers.slice(0, end).find(({ name }) => name.toLowerCase() === 'received-spf');
  if (results?.name.toLowerCase() !== 'authentication-results' || spf === undefined) return [];
  if (!PLAIN_SOURCE.test(source) || !PLAIN_GREETING.test(spf.value)) return [];
  const [service, ...found] = results.value.replace(/\([^()]*\)/g, '').split(';');
  if (service?.trim() !== 'amazonses.com') return [];
  return found.flatMap((result) => /^\s*dkim=pass header\.i=@([a-z0-9.-]+)\s*$/i.exec(result)?.[1]?.toLowerCase() ?? []);
}
