import { createHash } from 'node:crypto';
import type { Mail } from './parse-mail.ts';

/** Written on the way, and differently at every delivery of the same mail. */
const OF_THE_WAY =
  /^(return-path|delivered-to|received|received-spf|authentication-results|arc-.*|x-ses-.*|x-received|x-original-to|dkim-signature):/i;

/** What makes it the same mail again: its own id, or what the sender wrote when it has none. */
export function knockKey({ messageId }: Pick<Mail, 'messageId'>, raw: Buffer): string {
  return messageId ?? `sha256:${hashOfMail(raw)}`;
}

/** The hash of the mail as the sender wrote it. */
function hashOfMail(raw: Buffer): string {
  const end = /\r?\n\r?\n/.exec(raw.toString('latin1', 0, HEADERS_LOOKED_AT));
  const split = end ? end.index : 0;
  const fields = raw.toString('latin1', 0, split).split(/\r?\n(?![ \t])/);
  const hash = createHash('sha256');
  for (const field of fields) if (!OF_THE_WAY.test(field)) hash.update(`${field}\n`, 'latin1');
  return hash.update(raw.subarray(split)).digest('hex');
}

const HEADERS_LOOKED_AT = 2 * 1024 * 1024;
