import { isUtf8 } from 'node:buffer';
import { parseJson } from '../kernel/json.ts';

/** No value that a run keeps has more. */
const MAX_LEVELS = 500;

/** `$parse(text)`: the value that JSON says, with every digit. What the text is stays out of the message: it may be a secret. */
export function parse(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  const value = jsonOf(text);
  if (isDeeper(value, MAX_LEVELS)) throw new Error(`$parse(): the JSON is nested deeper than ${MAX_LEVELS} levels`);
  return value;
}

function jsonOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    throw new Error(`$parse(): the text is not JSON, such as {"id": 7}: it ${looks(text)}`);
  }
}

function looks(text: string): string {
  const first = text.trimStart().charAt(0);
  return first === '' ? 'is empty' : `begins with ${JSON.stringify(first)} and has ${text.length} characters`;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

/** `$present(value)`: whether there is something, neither missing nor null. */
export const present = (value: unknown): boolean => value !== undefined && value !== null;

/** `$base64encode(text)`: of the text in UTF-8. JSONata's own knows Latin-1 only. */
export function base64encode(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (!text.isWellFormed()) throw new Error('$base64encode(): the text has half a character (a lone surrogate such as \\ud800)');
  return Buffer.from(text).toString('base64');
}

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/** `$base64decode(text)`: the text that the bytes say in UTF-8. Both alphabets are read, with padding or without, in lines or in one. */
export function base64decode(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const inked = text.replace(/\s+/g, '');
  if (!BASE64.test(inked) || inked.replace(/=+$/, '').length % 4 === 1)
    throw new Error('$base64decode(): the text is not base64, such as aGVsbG8=');
  const bytes = Buffer.from(inked, 'base64');
  if (!isUtf8(bytes))
    throw new Error(
      `$base64decode(): the ${bytes.length} bytes are not text in UTF-8. Keep them as base64, or as a file (save: true of an http step)`,
    );
  return bytes.toString();
}
