import * as z from 'zod';

/** A value as a row or an entry holds it: JSON text, or where the text lies when it is larger than an item should be. */
export const stored = z.union([z.strictObject({ json: z.string() }), z.strictObject({ ref: z.string(), bytes: z.int() })]);
export type Stored = z.infer<typeof stored>;

/** Size of the value as JSON text, in UTF-8 bytes; for a text in its row an upper bound would do as well. */
export const bytesOf = (value: Stored): number => ('ref' in value ? value.bytes : Buffer.byteLength(value.json));
