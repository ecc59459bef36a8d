import * as z from 'zod';
import type { Item } from '../../aws/items.ts';
import { parseJson } from '../../kernel/json.ts';
import { type Entry, entry } from '../model/entry.ts';
import { entriesText } from './entries-text.dynamo.ts';
import { runPk } from './run-items.dynamo.ts';

/** An item takes 400 KB; what is added beside the text stays far below the rest. */
const LONGEST_TEXT = 300 * 1024;

const PREFIX = 'J#';
const DIGITS = 7;
export const LAST_NUMBER = 10 ** DIGITS - 1;

const journalSk = (number: number) => PREFIX + String(number).padStart(DIGITS, '0');

export const isJournal = (item: Item) => item['sk']?.S?.startsWith(PREFIX) ?? false;
export const journalKey = (runId: string, number: number) => ({ pk: runPk(runId), sk: journalSk(number) });

/** Several entries that were written together. */
export interface Packed {
  /** Number of the first. */
  number: number;
  entries: Entry[];
}

/** Number of its last entry. */
export const endOf = ({ number, entries }: Packed) => number + entries.length - 1;

/** What of it stands behind that number. */
export const behind = ({ number, entries }: Packed, before: number) => entries.slice(Math.max(0, before + 1 - number));

/** As many of the entries as fit into an item, as its text. */
export function packed(entries: Entry[]): { text: string; count: number } {
  const texts: string[] = [];
  let bytes = 0;
  for (const one of entries) {
    const text = JSON.stringify(one);
    bytes += Buffer.byteLength(text);
    if (texts.length > 0 && bytes > LONGEST_TEXT) break;
    texts.push(text);
  }
  return { text: `[${texts.join(',')}]`, count: texts.length };
}

const place = z.object({ sk: z.object({ S: z.string().transform((sk) => Number(sk.slice(PREFIX.length))) }) });

/** Number of the first entry of an item. */
export const numberOf = (item: Item) => place.parse(item).sk.S;

const writerOf = z.object({ writer: z.object({ S: z.string() }).optional() });
const entryList = z.array(entry);

/** The entries that an item holds. */
export function parseJournal(item: Item): Packed {
  return { number: numberOf(item), entries: entryList.parse(parseJson(entriesText.parse(item))) };
}

/** Whether the item holds notable entries, as whoever wrote it has marked it: nothing is unpacked. */
export const isMarkedNotable = (item: Item) => item['notable']?.BOOL === true;

/** How many of the entries stand at the beginning of the item, if nothing else stands in it: this writer has written them, and the answer was lost. */
export function alreadyIn(item: Item | undefined, entries: Entry[], writer: string): number {
  if (!item || writerOf.parse(item).writer?.S !== writer) return 0;
  const { text, count } = packed(entries.slice(0, parseJournal(item).entries.length));
  return entriesText.parse(item) === text ? count : 0;
}

/** Entries so near to each other are read at once, with what stands between them. */
const NEAR = 25;

/** Ranges that hold all the numbers and little else. */
export function clustersOf(numbers: number[]): { from: number; to: number }[] {
  const clusters: { from: number; to: number }[] = [];
  for (const number of numbers.toSorted((a, b) => a - b)) {
    const last = clusters.at(-1);
    if (last && number - last.to <= NEAR) last.to = number;
    else clusters.push({ from: number, to: number });
  }
  return clusters;
}
