/** What a string that should be one expression looks like to an editor; `isOneExpression` knows for sure. */
export const EXPRESSION = /^\s*\$\{/;

/** A piece of a template string: plain text, or the source of one `${ ... }`. */
export type Part = { text: string } | { source: string; start: number };

/** The text has a `${` that never ends. */
export class UnclosedExpression extends Error {
  readonly position: number;

  constructor(position: number) {
    super(
      '"${" is never closed by "}". Without quotes, YAML ends a text at " #": put it in quotes. A plain "${" is written "$${"',
    );
    this.position = position;
  }
}

/**
 * Splits a template string into text and expressions. `$${` stands for a literal `${`. Braces, quotes, comments and regular
 * expressions inside an expression are understood, so `${ "}" }` and `${ items.{'id': id} }` end where their author meant.
 */
export function partsOf(template: string): Part[] {
  const parts: Part[] = [];
  let text = '';
  let at = 0;
  while (at < template.length) {
    if (template.startsWith('$${', at)) {
      text += '${';
      at += 3;
    } else if (template.startsWith('${', at)) {
      if (text) parts.push({ text });
      text = '';
      const end = endOfExpression(template, at + 2);
      parts.push({ source: template.slice(at + 2, end), start: at + 2 });
      at = end + 1;
    } else {
      text += template[at];
      at += 1;
    }
  }
  if (text) parts.push({ text });
  return parts;
}

/** The expression of a string that is exactly one `${ ... }`; space around it, such as the end of a YAML block, does not count. */
export function onlyExpression(parts: Part[]): { source: string; start: number } | undefined {
  const inked = parts.filter((part) => !('text' in part) || part.text.trim() !== '');
  const [only] = inked;
  return inked.length === 1 && only && 'source' in only ? only : undefined;
}

/** Whether a string is one expression and nothing else. One that never ends counts: that is another complaint. */
export function isOneExpression(text: string): boolean {
  try {
    return onlyExpression(partsOf(text)) !== undefined;
  } catch {
    return hasExpression(text);
  }
}

export function hasExpression(text: string): boolean {
  return text.includes('${');
}

/** Behind the `}` of the expression whose `${` stands there; undefined if it never ends. */
export function expressionEnd(text: string, at: number): number | undefined {
  try {
    return endOfExpression(text, at + 2) + 1;
  } catch {
    return undefined;
  }
}

function endOfExpression(text: string, from: number): number {
  let depth = 0;
  let at = from;
  let operandNext = true;
  while (at < text.length) {
    const char = text.charAt(at);
    if (char === '}' && depth === 0) return at;
    const skipped = skip(text, at, operandNext);
    if (skipped > at) {
      operandNext = text.startsWith('/*', at) && operandNext;
      at = skipped;
      continue;
    }
    if (char === '{') depth += 1;
    if (char === '}') depth -= 1;
    if (!/\s/.test(char)) operandNext = startsOperand(text, from, at);
    at += 1;
  }
  throw new UnclosedExpression(from - 2);
}

/** Where the string, quoted name, comment or regular expression that starts here ends; `at` itself if none does. */
function skip(text: string, at: number, operandNext: boolean): number {
  const char = text.charAt(at);
  if (char === '"' || char === "'") return closing(text, at, char, true);
  if (char === '`') return closing(text, at, char, false);
  if (text.startsWith('/*', at)) {
    const end = text.indexOf('*/', at + 2);
    return end < 0 ? text.length : end + 2;
  }
  return char === '/' && operandNext ? endOfRegex(text, at) : at;
}

function closing(text: string, at: number, quote: string, escapes: boolean): number {
  let index = at + 1;
  while (index < text.length && text[index] !== quote) index += escapes && text[index] === '\\' ? 2 : 1;
  return Math.min(index + 1, text.length);
}

// JSONata ends a regular expression at the first unescaped slash outside brackets.
function endOfRegex(text: string, at: number): number {
  let depth = 0;
  for (let index = at + 1; index < text.length; index += 1) {
    const char = text.charAt(index);
    if (char === '\\') index += 1;
    else if (char === '/' && depth === 0) return index + 1;
    else if ('([{'.includes(char)) depth += 1;
    else if (')]}'.includes(char)) depth -= 1;
  }
  return text.length;
}

/** After this character a slash starts a regular expression, not a division. */
function startsOperand(text: string, from: number, at: number): boolean {
  if ('([{,;:=?+-*%&|<>!~^.@#/'.includes(text.charAt(at))) return true;
  return /(^|[^\w$])(and|or|in)$/.test(text.slice(Math.max(from, at - 5), at + 1));
}

/** JSON whose strings may hold `${ ... }` expressions. */
export type Template = unknown;
