import * as z from 'zod';
import { actor as actorSchema } from '../kernel/actor.ts';

/**
 * Names and free words: no control characters, so that a NUL or a line break never reaches a table or a log. Characters are counted as JSON
 * Schema does, by code points.
 */
export const words = (max: number) =>
  z
    .string()
    .regex(/^[^\u0000-\u001f\u007f]*$/, 'must not hold control characters')
    .refine((text) => text !== '' && text.length <= 2 * max && Array.from(text).length <= max, `must have 1 to ${max} characters`)
    .meta({ minLength: 1, maxLength: max });

export { firstWords } from '../kernel/words.ts';

export const resourceId = z
  .string()
  .min(1, 'must not be empty')
  .max(26, 'must have 26 characters at most')
  .regex(/^[a-zA-Z0-9_-]+$/, 'must have letters, digits, - and _ only');

/** Whether a text can be the id of a resource at all. */
export const isResourceId = (text: string) => resourceId.safeParse(text).success;

/** Names a resource where the contract takes any text: what is no id is not found. */
export const anyId = z.string();

export const time = z.iso.datetime().meta({ description: 'ISO 8601, UTC, milliseconds' });

/** Who did it. */
export const actor = actorSchema.meta({ id: 'Actor' });

/** Who has placed it, when and why. */
export const legalHold = z.object({ actor, at: time, reason: z.string().nullable() }).meta({ id: 'LegalHold' });

export const errorModel = z
  .object({
    status_code: z.int(),
    message: z.string(),
    details: z.array(z.object({ name: z.string(), value: z.union([z.string(), z.number()]) })).nullable(),
  })
  .meta({ id: 'ErrorModel' });

export const listQuery = (limit: number) => ({
  limit: count(100).default(limit),
  continuation_token: z.string().min(1, 'must not be empty').max(1024, 'is none of ours').optional(),
});

/** How many of something a query asks for. */
export function count(max: number) {
  const error = `must be a whole number from 1 to ${max}`;
  return z.coerce.number({ error }).int(error).min(1, error).max(max, error);
}

/** Several of something in a query: repeated, or with commas between them, which API Gateway makes of what is repeated. */
export const listOf = <T extends z.ZodType<unknown, string>>(item: T, max: number) =>
  z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(item).max(max, `must have ${max} items at most`));

export const page = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), continuation_token: z.string().nullable() });

const MOST_ITEMS = 1000;

/** A list whose length is looked at first: a million wrong items would be a million complaints. */
export const few = <T extends z.ZodType>(item: T) =>
  z.preprocess((list, context) => {
    if (Array.isArray(list) && list.length > MOST_ITEMS) context.addIssue(`must have ${MOST_ITEMS} items at most`);
    return list;
  }, z.array(item).max(MOST_ITEMS));

export const pageView = <T, V>({ items, next }: { items: T[]; next: string | undefined }, view: (item: T) => V) => ({
  items: items.map(view),
  continuation_token: next ?? null,
});

export { lowerCase, MAIL_ADDRESS, mailAddress } from '../kernel/mail-address.ts';
