import { deflateRawSync, inflateRawSync } from 'node:zlib';
import * as z from 'zod';

/** Most texts of runs are far smaller than the 256 KB that zlib takes for every call: these options make the same bytes of them in half the time. */
const SMALL = 4096;
const FOR_SMALL = { windowBits: 13, memLevel: 5, chunkSize: 1024 };
const INFLATED_AT_ONCE = 4096;

/**
 * The text without what the dictionary says already (DEFLATE with a preset dictionary, RFC 1950). Storage is what most of a run costs. A dictionary is
 * never changed: what was written with it is read with it. Another one would go with another name of the attribute.
 */
export const deflated = (text: string, dictionary: Buffer): Buffer =>
  deflateRawSync(text, { dictionary, ...(text.length < SMALL && FOR_SMALL) });

export const inflated = (packed: Uint8Array, dictionary: Buffer): string =>
  inflateRawSync(packed, { dictionary, chunkSize: INFLATED_AT_ONCE }).toString();

/** Bytes of an item; they are text where a stream hands it on. */
export const bytes = z.union([z.instanceof(Uint8Array), z.base64().transform((text) => Buffer.from(text, 'base64'))]);
