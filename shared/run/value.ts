/** The largest value a step, an input or an output may be, as JSON text. */
export const VALUE_LIMIT_BYTES = 5 * 1024 * 1024;

/** Above this a value is put into the bucket: one PUT costs what eight write units cost. */
export const INLINE_LIMIT_BYTES = 8 * 1024;

export class ValueTooLarge extends Error {
  constructor(what: string, bytes: number) {
    super(`${what} is ${bytes} bytes as JSON; the limit is ${VALUE_LIMIT_BYTES} (5 MiB).`);
    this.name = 'ValueTooLarge';
  }
}
