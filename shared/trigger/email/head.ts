import { Problem } from '../../kernel/problem.ts';

/** How far the end of the head is looked for. */
const SEARCHED_BYTES = 2 * 1024 * 1024;
/** Several hundred recipients; nothing behind that is looked at. */
const MAX_FIELD_BYTES = 32 * 1024;
/** Postfix takes 100 KiB unless told otherwise. */
const MAX_HEAD_BYTES = 128 * 1024;

/** The header fields of a raw mail as they were written, one byte a character, and where the body begins. */
export function headOf(raw: Buffer): { fields: string[]; end: number } {
  const text = raw.toString('latin1', 0, SEARCHED_BYTES);
  const end = /\r?\n\r?\n/.exec(text)?.index ?? 0;
  return { fields: text.slice(0, end).split(/\r?\n(?![ \t])/), end };
}

/** The mail with every header field cut to a length that any parser can take. Throws a `Problem` when they are too many. */
export function withShortFields(raw: Buffer): Buffer {
  const { fields, end } = headOf(raw);
  const short = fields.map((field) => field.slice(0, MAX_FIELD_BYTES));
  const bytes = short.reduce((sum, field) => sum + field.length, 0);
  if (bytes > MAX_HEAD_BYTES)
    throw new Problem('invalid', `The mail has ${bytes} bytes of headers; ${MAX_HEAD_BYTES} are the most that are taken.`);
  if (fields.every((field) => field.length <= MAX_FIELD_BYTES)) return raw;
  return Buffer.concat([Buffer.from(short.join('\r\n'), 'latin1'), raw.subarray(end)]);
}
