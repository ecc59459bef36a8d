import { createHash } from 'node:crypto';
import { headOf } from './head.ts';
import type { Mail } from './parse-mail.ts';

/** Written on the way, and differently at every delivery of the same mail. */
const OF_THE_WAY =
  /^(return-path|delivered-to|received|received-spf|authentication-results|arc-.*|x-ses-.*|x-received|x-original-to|x-spam-.*|x-ms-exchange-.*|x-google-.*|x-gm-.*|dkim-signature):/i;

/** What makes it the same mail again: the id that its sender gave it, and what the sender wrote. Some give one id to many mails. */
export function dedupeKey({ messageId }: Pick<Mail, 'messageId'>, raw: Buffer): string {
  const content = `sha256:${hashOfMail(raw)}`;
  return messageId === null ? content : `${messageId} ${content}`;
}

/** The hash of the mail as the sender wrote it. */
function hashOfMail(raw: Buffer): string {
  const { fields, end } = headOf(raw);
  const hash = createHash('sha256');
  for (const field of fields) if (!OF_THE_WAY.test(field)) hash.update(`${field}\n`, 'latin1');
  return hash.update(raw.subarray(end)).digest('hex');
}
