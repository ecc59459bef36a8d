import { hash, randomFillSync } from 'node:crypto';
import { decodeTime, encodeTime, ulid } from 'ulid';

// A ULID takes sixteen random bytes, and asking the system for each of them costs more than all the rest of it.
const bytes = new Uint8Array(4096);
let used = bytes.length;

function random(): number {
  if (used === bytes.length) {
    randomFillSync(bytes);
    used = 0;
  }
  const byte = bytes[used] ?? 0;
  used += 1;
  return byte / 256;
}

/** A ULID: ids made later stand behind, but for those of the same millisecond. */
export const newId = (atMs: number = Date.now()): string => ulid(atMs, random);

/** The ULID that belongs to a text: the same text and time give the same id, so that what is done again is done once. */
export function idOf(text: string, atMs: number): string {
  const digest = hash('sha256', text, 'buffer');
  let at = 0;
  // For the library a time of zero is none given: now.
  return ulid(Math.max(atMs, 1), () => (digest[at++ % digest.length] ?? 0) / 256);
}

const LATEST_MS = decodeTime(`7${'Z'.repeat(25)}`);
const timePart = (at: string) => encodeTime(Math.min(Math.max(0, Date.parse(at)), LATEST_MS));

/** What stands before all ids of that time and later, all there are when it is absent. */
export const firstIdAt = (at: string | undefined) => (at === undefined ? '0' : timePart(at));

/** What stands behind all ids up to that time. */
export const lastIdAt = (at: string | undefined) => (at === undefined ? '~' : `${timePart(at)}~`);

/** When the thing of that id was made. */
export const timeOf = (id: string) => new Date(decodeTime(id)).toISOString();
