import { addressParser, decodeWords } from 'postal-mime';

/** RFC 5322 ends a line at 998 characters; a name in encoded words is folded over some. */
const MAX_LINE = 2000;
const ADDRESS = String.raw`([^\s<>@,;:()[\]\\]+@[^\s<>@,;:()[\]\\]+)`;
/** Names with commas nobody has quoted are common, and so is what ends a list of one. */
const IN_BRACKETS = new RegExp(String.raw`^[^<>]*<\s*${ADDRESS}\s*>[\s,;]*$`);
const ALONE = new RegExp(String.raw`^\s*${ADDRESS}[\s,;]*$`);

/** Who has sent a mail, or why that cannot be said. */
export type Sender = { kind: 'one'; name: string; address: string } | { kind: 'none' } | { kind: 'several' };

/**
 * The one sender that a From line names. The library knows no comments within comments, so they are taken out before it reads; what it finds then has
 * to be the only address that stands outside of quotes.
 */
export function senderIn(line: string): Sender {
  if (line.length > MAX_LINE) return { kind: 'none' };
  const { bare, spoken, comment } = taken(line);
  const address = (IN_BRACKETS.exec(bare) ?? ALONE.exec(bare))?.[1];
  const parsed = addressParser(spoken, { flatten: true });
  const found = parsed.filter((one) => one.address?.includes('@'));
  if (bare.split('@').length > 2 && (address === undefined || found.length > 1)) return { kind: 'several' };
  const [only] = found;
  if (address === undefined || only?.address !== address || found.length > 1) return { kind: 'none' };
  // A name with a comma that is not quoted looks like several, all but the last without an address.
  const names = parsed.map(({ name }) => name).filter(Boolean);
  return { kind: 'one', name: names.join(', ') || decodeWords(comment.trim()), address };
}

/** A line without its comments (`spoken`), without what is quoted either (`bare`), and its comments. */
function taken(line: string): { bare: string; spoken: string; comment: string } {
  const parts = { bare: '', spoken: '', comment: '' };
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    const escaped = line[at] === '\\' && (quoted || depth > 0);
    const sign = escaped ? line.slice(at, ++at + 1) : (line[at] ?? '');
    if (depth === 0 && sign === '"') quoted = !quoted;
    if (!quoted && sign === '(') depth += 1;
    if (depth === 0) parts.spoken += sign;
    else parts.comment += /[()]/.test(sign) ? ' ' : sign;
    if (depth === 0 && !quoted && sign !== '"') parts.bare += sign;
    if (depth > 0 && sign === ')' && --depth === 0) {
      parts.spoken += ' ';
      parts.bare += ' ';
    }
  }
  // What never ends hides all that follows it.
  return depth > 0 || quoted ? { bare: '', spoken: '', comment: '' } : parts;
}
