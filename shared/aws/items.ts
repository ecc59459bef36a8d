import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { parseJson } from '../kernel/json.ts';

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
