import type { Stored } from '../model/stored.ts';

/** What stands in the place of a value that is too large to be shown. */
export interface CutValue {
  truncated: true;
  /** As JSON. */
  bytes: number;
  /** The first of them. */
  start?: string;
  /** Path of the API that leads to the whole; null where there is none yet. */
  whole: string | null;
}

/**
 * What a run shows of its inputs and of its outputs. Lambda hands 6 MB back at most and counts the answer as text within JSON, which can double
 * it: three such values fit whatever they hold.
 */
export const SHOWN_BYTES = 768 * 1024;
/** What the log, and a list of steps, shows of a value. */
export const GLIMPSE_BYTES = 4 * 1024;

/** The value, or its beginning and where the whole is. */
export function cutValue(value: unknown, limitBytes: number, whole: string | null): unknown {
  const json = jsonOf(value);
  const bytes = Buffer.byteLength(json);
  if (bytes <= limitBytes) return value ?? null;
  const start = json.slice(0, Math.min(limitBytes, GLIMPSE_BYTES)).toWellFormed();
  return { truncated: true, bytes, start, whole } satisfies CutValue;
}

/** A map of values within a limit: the large ones are cut, so that the small ones beside them can be read. */
export function cutFields(fields: Record<string, unknown>, limitBytes: number, whole: string | null): Record<string, unknown> {
  if (bytesOf(fields) <= limitBytes) return fields;
  const entries = Object.entries(fields);
  const share = Math.floor(limitBytes / entries.length);
  const cut = Object.fromEntries(entries.map(([name, value]) => [name, cutValue(value, share, whole)]));
  return bytesOf(cut) <= limitBytes ? cut : { ...(cutValue(fields, limitBytes, whole) as CutValue) };
}

/** A value as large as it is stored, without reading one that lies elsewhere. */
export const cutUnread = ({ bytes }: Extract<Stored, { ref: string }>, whole: string): CutValue => ({
  truncated: true,
  bytes,
  whole,
});

/** The first of the items that fit into so many bytes as JSON; one at least. */
export function thatFit<T>(items: T[], limitBytes: number): T[] {
  let left = limitBytes;
  const over = items.findIndex((item, at) => {
    left -= bytesOf(item);
    return left < 0 && at > 0;
  });
  return over < 0 ? items : items.slice(0, over);
}

const jsonOf = (value: unknown) => JSON.stringify(value ?? null);
const bytesOf = (value: unknown) => Buffer.byteLength(jsonOf(value));
