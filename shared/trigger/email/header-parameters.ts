/** What one `name=value` says. RFC 2231 cuts a long value into `name*0`, `name*1`, and encodes pieces whose name ends in `*`. */
interface Piece {
  position: number | undefined;
  isEncoded: boolean;
  text: string;
}

const PARAMETER = /^\s*([^\s=*]+)(?:\*(\d{1,4}))?(\*)?\s*=(.*)$/s;

/**
 * A parameter of a header such as Content-Type, as the parser of mails reads it: put together from its pieces if it has some, else the first of that
 * name. The time it takes grows with the length of the header.
 */
export function headerParameter(header: string, name: string): string | undefined {
  const [, ...parts] = partsOf(header);
  const found = parts.flatMap((part): Piece[] => {
    const [, named, position, encoded, text = ''] = PARAMETER.exec(part) ?? [];
    if (named?.toLowerCase() !== name) return [];
    const isPiece = position !== undefined || encoded !== undefined;
    return [{ position: isPiece ? Number(position ?? 0) : undefined, isEncoded: encoded !== undefined, text: unquoted(text) }];
  });
  const pieces = found.filter(({ position }) => position !== undefined);
  return pieces.length === 0 ? found[0]?.text : joined(pieces);
}

function joined(pieces: Piece[]): string {
  const byPosition = new Map(pieces.toReversed().map((piece) => [piece.position ?? 0, piece]));
  const inOrder = [...byPosition].sort(([one], [other]) => one - other);
  return inOrder.map(([position, { isEncoded, text }]) => (isEncoded ? decoded(position, text) : text)).join('');
}

/** The first piece says its character set and language before what it means. */
function decoded(position: number, text: string): string {
  const encoded = position === 0 ? text.replace(/^[^']*'[^']*'/, '') : text;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}

/** What stands in quotes, or the word as it is. */
function unquoted(text: string): string {
  const [, quoted] = /^\s*"((?:[^"\\]|\\.)*)/s.exec(text) ?? [];
  return quoted?.replace(/\\(.)/gs, '$1') ?? text.trim();
}

/** What stands between semicolons, without comments. In a value only what follows a blank is a comment: `Invoice(1).pdf` is a name. */
function partsOf(header: string, hasComments = header.includes('(')): string[] {
  const parts: string[] = [];
  let part = '';
  let quoted = false;
  let inValue = false;
  let depth = 0;
  for (let at = 0; at < header.length; at++) {
    const sign = header.charAt(at);
    const opens = hasComments && !quoted && sign === '(' && (depth > 0 || !inValue || /\s/.test(header.charAt(at - 1)));
    if (opens) depth += 1;
    else if (sign === ')' && depth > 0) depth -= 1;
    else if (sign === '\\') {
      const escaped = sign + header.charAt(++at);
      if (depth === 0) part += escaped;
    } else if (depth > 0) continue;
    else if (sign === ';' && !quoted) {
      parts.push(part);
      part = '';
      inValue = false;
    } else {
      if (sign === '"') quoted = !quoted;
      if (sign === '=') inValue = true;
      part += sign;
    }
  }
  // A comment that never ends is none: it would hide what follows it.
  return depth > 0 ? partsOf(header, false) : [...parts, part];
}
