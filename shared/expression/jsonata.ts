import jsonata from 'jsonata';
import { isExactNumber, numberFrom } from '../kernel/json.ts';
import { Effort } from './effort.ts';
import { LinearRegex } from './linear-regex.ts';
import { distinct, sort } from './long-lists.ts';
import { plainJson } from './plain-json.ts';
import { base64decode, base64encode, parse, present } from './text-functions.ts';

export type Expression = jsonata.Expression;

const MAX_DEPTH = 500;
const MAX_SEQUENCE = 100_000;
const MAX_CACHED = 1_000;

const cache = new Map<string, Expression>();

/** The parsed expression, bounded in depth and size, and in time by the current `Effort`. Throws JSONata's error, with `position`, if it does not parse. */
export function parsed(source: string): Expression {
  const known = cache.get(source);
  if (known) {
    cache.delete(source);
    cache.set(source, known);
    return known;
  }
  const fresh = bounded(source);
  cache.set(source, fresh);
  const [oldest] = cache.keys();
  if (cache.size > MAX_CACHED && oldest !== undefined) cache.delete(oldest);
  return fresh;
}

function bounded(source: string): Expression {
  const expression = jsonata(source, {
    stack: MAX_DEPTH,
    sequence: MAX_SEQUENCE,
    RegexEngine: Object.assign(LinearRegex, RegExp),
  });
  expression.registerFunction('eval', () => refuse('$eval is not available'), '<sx?:x>');
  expression.registerFunction('pad', pad, '<s-ns?:s>');
  expression.registerFunction('join', join, '<a<s>s?:s>');
  expression.registerFunction('distinct', distinct, '<x:x>');
  expression.registerFunction('sort', sort, '<af?:a>');
  expression.registerFunction('toMillis', toMillis, '<s-s?:n>');
  expression.registerFunction('number', number, '<(nsb)-:n>');
  expression.registerFunction('type', type, '<x:s>');
  expression.registerFunction('parse', parse, '<s-:x>');
  expression.registerFunction('present', present, '<x:b>');
  expression.registerFunction('base64encode', base64encode, '<s-:s>');
  expression.registerFunction('base64decode', base64decode, '<s-:s>');
  // JSONata's own takes the way over a text that it parses with too few digits.
  expression.registerFunction('clone', plainJson, '<(oa)-:o>');
  // JSONata's own limits count steps and items; doubling a string or a list 40 times is neither.
  Reflect.apply(expression.assign, expression, [Symbol.for('jsonata.__evaluate_exit'), onResult]);
  return expression;
}

function onResult(_expression: unknown, _input: unknown, _environment: unknown, result: unknown): Promise<void> | undefined {
  if (typeof result === 'string') Effort.current.checkText(result.length);
  if (typeof result === 'object' && result !== null) Effort.current.checkWeight(result);
  return Effort.current.pause();
}

function refuse(message: string): never {
  throw new Error(message);
}

function pad(text: string | undefined, width: number, fill?: string): string | undefined {
  if (text === undefined) return undefined;
  Effort.current.checkText(Math.abs(width));
  const missing = Math.abs(Math.trunc(width)) - Array.from(text).length;
  if (missing <= 0) return text;
  const characters = Array.from(fill || ' ');
  const rest = characters.slice(0, missing % characters.length).join('');
  const padding = characters.join('').repeat(Math.trunc(missing / characters.length)) + rest;
  return width > 0 ? text + padding : padding + text;
}

function join(texts: string[] | undefined, separator = ''): string | undefined {
  if (texts === undefined) return undefined;
  Effort.current.checkText(texts.reduce((length, text) => length + text.length + separator.length, 0));
  return texts.join(separator);
}

const builtin = jsonata('$toMillis($text, $picture)');
const plainToMillis = jsonata('$toMillis');

// A picture becomes a backtracking regular expression inside JSONata; only a watchdog can stop one.
async function toMillis(this: unknown, text: string | undefined, picture?: string): Promise<unknown> {
  if (text === undefined) return undefined;
  if (picture === undefined) return builtin.evaluate(null, { text });
  const { implementation } = await plainToMillis.evaluate(null);
  return Effort.current.watched<unknown>(() => Reflect.apply(implementation, this, [text, picture]));
}

const plainNumber = jsonata('$number');

/** `$number` that keeps the digits of a long whole number. */
async function number(this: unknown, value: unknown): Promise<unknown> {
  if (typeof value === 'string' && /^-?[1-9]\d{15,}$/.test(value)) return numberFrom(value);
  const { implementation } = await plainNumber.evaluate(null);
  return Reflect.apply(implementation, this, [value]);
}

const plainType = jsonata('$type');

async function type(this: unknown, value: unknown): Promise<unknown> {
  if (isExactNumber(value)) return 'number';
  const { implementation } = await plainType.evaluate(null);
  return Reflect.apply(implementation, this, [value]);
}
