import { createHash } from 'node:crypto';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { parseJson } from '../kernel/json.ts';
import { Problem } from '../kernel/problem.ts';

export type Item = Record<string, AttributeValue>;

/** A row as an item; what is undefined is left out. */
export const toItem = (row: object): Item => marshall(sound(row), { removeUndefinedValues: true });

/** DynamoDB refuses a whole item for half a character, such as a cut through an emoji leaves behind. */
function sound(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (Array.isArray(value)) return value.map(sound);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key.toWellFormed(), sound(inner)]));
}

export const fromItem = (item: Item): Record<string, unknown> => unmarshall(item);

/** A value of any shape, stored as its JSON text: maps of DynamoDB have 32 levels, and their numbers 38 digits. */
export const fromText = z.string().transform(parseJson);

const DAY_SECONDS = 86_400;
/** TTL attribute, in seconds since 1970. */
export const expiresIn = (days: number, now: Date) => Math.floor(now.getTime() / 1000) + days * DAY_SECONDS;

/** Names the list in its tokens, short. */
export const listName = (parts: unknown) => createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 12);

/**
 * A token holds where a list goes on and which list it is of. The partition always comes from the request and the caller, never from the token,
 * so a forged one cannot leave the caller's workspace.
 */
export const writeToken = (list: string, at: string) => Buffer.from(JSON.stringify([list, at])).toString('base64url');

/** Throws `invalid` for a token that is not one of this list. */
export function readToken(list: string, token: string | undefined): string | undefined {
  if (token === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    const [of, at]: unknown[] = Array.isArray(parsed) ? parsed : [];
    if (of === list && typeof at === 'string' && /^[0-9A-Za-z]{1,40}$/.test(at) && token === writeToken(list, at)) return at;
  } catch {
    // not JSON: refused below like any other
  }
  throw badToken(token);
}

export const badToken = (token: string) =>
  new Problem(
    'invalid',
    'The continuation_token is not one of this list. Use the token of the page before, with the same filters.',
    [{ name: 'continuation_token', value: token.slice(0, 100) }],
  );
