import { isCollection, isScalar, visit, type YAMLError, type Document as YamlDocument } from 'yaml';
import { expressionEnd } from '../expression/template.ts';

/** Where a text stops being YAML, and why. */
export interface Cause {
  /** From 0. */
  offset: number;
  message: string;
}

/** The first of the parser's complaints: what it says of the rest is mostly an echo of it. */
export function causeOf(errors: YAMLError[], text: string, document: YamlDocument): Cause | undefined {
  const [first] = [...errors].sort((a, b) => a.pos[0] - b.pos[0]);
  if (!first) return undefined;
  const offset = first.pos[0];
  const expression = expressionAt(text, offset);
  if (first.code === 'MULTIPLE_DOCS') return { offset, message: 'the text holds several documents; one text is one workflow' };
  if (first.code === 'TAB_AS_INDENT')
    return { offset, message: 'this line is indented with a tab; YAML takes spaces only, two for each level' };
  if (expression) return expression;
  const open = unclosed(first, text, document);
  if (open) return open;
  const line = lineAround(text, offset);
  if (line.text.includes('{{'))
    return { offset, message: `an expression is written '\${ $input.name }', in quotes, not {{ name }}` };
  if (first.code === 'NON_STRING_KEY') return { offset, message: 'a key must be plain text' };
  return { offset, message: inWords(first, line.text) };
}

function inWords({ code, message }: YAMLError, line: string): string {
  const value = line.length > MAX_LINE ? undefined : holdsColon(line);
  if (value) return `a text that holds ": " must stand in quotes: write ${value}`;
  if (code === 'BLOCK_AS_IMPLICIT_KEY')
    return 'this is a whole value, and the next line is indented as if it belonged to it; indent it less';
  if (code === 'MULTILINE_IMPLICIT_KEY') return `this is no "key: value": is a colon missing, or the space behind it?`;
  return message.trim();
}

interface Line {
  text: string;
  start: number;
}

function lineAround(text: string, offset: number): Line {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const end = text.indexOf('\n', start);
  return { start, text: text.slice(start, end < 0 ? text.length : end) };
}

/** Nobody writes longer ones, and each of their expressions is looked at. */
const MAX_LINE = 2_000;
const KEY = /[\w$-]+:\s+$/;

/** An expression that YAML has taken apart since it stands in no quotes, or in those that it uses itself. */
function expressionAt(text: string, offset: number): Cause | undefined {
  const line = lineAround(text, offset);
  if (line.text.length > MAX_LINE) return undefined;
  const found = [...line.text.matchAll(/(?<!\$)\$\{/g)].map(({ index }) => ({ index, start: startOfValue(line.text, index) }));
  const nearest = found.findLast(({ start }) => start <= offset - line.start);
  if (!nearest) return undefined;
  const { index, start } = nearest;
  const [key = ''] = KEY.exec(line.text.slice(0, start)) ?? [];
  const quote = /^["']/.exec(line.text.slice(start))?.[0];
  const end = expressionEnd(line.text, index);
  const inFlow = isInFlow(line.text.slice(0, start));
  if (!quote && !inFlow && end !== undefined && !/: |:$| #|\? /.test(line.text.slice(start))) return undefined;
  const why = quote
    ? `the text ends at the next ${quote}, inside of the expression; write the other quotes around it`
    : 'an expression must stand in quotes here, since YAML reads ": ", "? ", " #", "{", "," and quotes for itself';
  const at = line.start + start;
  if (end === undefined) return { offset: at, message: `${why}. One of several lines stands below a "|", indented` };
  const before = line.text.slice(start + (quote ? 1 : 0), index);
  const rest = line.text.slice(end);
  const after = (quote ? rest.split(quote)[0] : inFlow ? /^[^,\]}]*/.exec(rest)?.[0] : rest) ?? '';
  return { offset: at, message: `${why}: write ${key}${quoted(before + line.text.slice(index, end) + after.trimEnd())}` };
}

/** Where the value begins in whose midst the expression stands. */
function startOfValue(line: string, at: number): number {
  let start = line.length - line.trimStart().length;
  let behind = 0;
  for (const { index, 0: match } of line.slice(0, at).matchAll(/(?:^\s*-|[:,[{])\s+|[[{]/g)) {
    if (index < behind) continue;
    start = index + match.length;
    const quote = /["']/.exec(line.charAt(start))?.[0];
    const closing = quote ? line.indexOf(quote, start + 1) : start;
    if (closing < 0 || closing > at) return start;
    behind = closing;
  }
  return start;
}

function isInFlow(before: string): boolean {
  const plain = before.replace(/"(\\.|[^"\\])*"|'[^']*'|\$\{[^}]*\}/g, '');
  return (plain.match(/[[{]/g) ?? []).length > (plain.match(/[\]}]/g) ?? []).length;
}

/** As YAML writes it in the quotes that ask for the least. */
function quoted(text: string): string {
  return text.includes("'") && !/["\\]/.test(text) ? `"${text}"` : `'${text.replaceAll("'", "''")}'`;
}

/** A quote, a `{` or a `[` that is never closed; the parser complains of where it gave up. */
function unclosed(error: YAMLError, text: string, document: YamlDocument): Cause | undefined {
  if (error.code !== 'MISSING_CHAR' && error.code !== 'BAD_INDENT') return undefined;
  let cause: Cause | undefined;
  visit(document, {
    Node(_, node) {
      const [start, end] = node.range ?? [0, 0];
      const first = text.charAt(start);
      const last = { '"': '"', "'": "'", '{': '}', '[': ']' }[first];
      const isOpen = (isScalar(node) || isCollection(node)) && last && (end - start < 2 || text.charAt(end - 1) !== last);
      if (isOpen && start <= error.pos[0])
        cause = { offset: start, message: `this ${first} is never closed; its end is a ${last}` };
    },
  });
  return cause;
}

/** `title: Look: here`, as it should be written. */
function holdsColon(line: string): string | undefined {
  const [, key, value] = /^\s*(?:- +)?([\w-]+: +)([^"'{[|>&*!].*:(?: .*|))$/.exec(line) ?? [];
  return key && value ? key + quoted(value) : undefined;
}
