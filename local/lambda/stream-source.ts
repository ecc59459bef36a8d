import { shownError } from '../disk.ts';
import type { Position, StreamRecord, TableStream } from '../dynamodb/streams.ts';
import { fits } from './event-pattern.ts';
import { Lane, type LaneParts, type Underway } from './lane.ts';

export interface StreamSourceParts extends Pick<LaneParts, 'mapping' | 'invoke' | 'bury'> {
  stream: TableStream;
  /** Everything up to there is dealt with. */
  reached: (position: Required<Position>) => void;
}

/** With more than these underway nothing is read. */
const MOST_UNDERWAY = 4000;
/** So that what is written in the meantime is one batch. Lambda itself looks four times a second. */
const BETWEEN_LOOKS_MS = 50;
/** How soon after a quiet time. */
const FIRST_LOOK_MS = 10;
/** A look without a word of a write: others may write to the emulator too. */
const IDLE_LOOK_MS = 1000;

/** Reads a stream and takes its records to a function, as an event source mapping of Lambda does. */
export class StreamSource {
  readonly #parts: StreamSourceParts;
  readonly #lanes: Lane[];
  readonly #underway: Underway[] = [];
  readonly #pauses = new Set<() => void>();
  readonly #betweenLooksMs: number;
  #open = true;
  #reading = false;
  /** Somebody has written since the last read began. */
  #news = true;
  #lastLookMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: StreamSourceParts) {
    this.#parts = parts;
    // Whoever gathers for seconds is in no hurry.
    this.#betweenLooksMs = Math.max(BETWEEN_LOOKS_MS, parts.mapping.windowMs / 10);
    const lane = {
      ...parts,
      settled: (records: Underway[]) => this.#settle(records),
      pause: (ms: number) => this.#pause(ms),
      isOpen: () => this.#open,
    };
    this.#lanes = Array.from({ length: parts.mapping.lanes }, () => new Lane(lane));
  }

  /** Something was written to the table. */
  wake(): void {
    if (this.#news && this.#timer) return;
    this.#news = true;
    if (!this.#reading) this.#lookIn(Math.max(FIRST_LOOK_MS, this.#lastLookMs + this.#betweenLooksMs - performance.now()));
  }

  close(): void {
    this.#open = false;
    clearTimeout(this.#timer);
    for (const end of this.#pauses) end();
  }

  #lookIn(ms: number): void {
    if (!this.#open) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), ms).unref();
  }

  async #look(): Promise<void> {
    this.#timer = undefined;
    this.#reading = true;
    this.#news = false;
    this.#lastLookMs = performance.now();
    let more = false;
    try {
      more = await this.#read();
    } catch (error) {
      if (this.#open) console.error(`${this.#parts.mapping.id} cannot read its stream:`, shownError(error));
      this.#news = false;
    }
    this.#reading = false;
    this.#lookIn(more ? FIRST_LOOK_MS : this.#news ? this.#betweenLooksMs : IDLE_LOOK_MS);
  }

  /** Whether there is more to read at once. */
  async #read(): Promise<boolean> {
    const room = MOST_UNDERWAY - this.#underway.length;
    if (room <= 0) return true;
    const limit = Math.min(room, 1000);
    const { shardId, records } = await this.#parts.stream.read(limit);
    for (const record of records) this.#take(shardId, record);
    if (records.length > 0) this.#settle([]);
    return records.length === limit;
  }

  #take(shardId: string, record: StreamRecord): void {
    const { patterns } = this.#parts.mapping;
    const settled = patterns.length > 0 && !patterns.some((pattern) => fits(record, pattern));
    const underway = { shardId, record, settled };
    this.#underway.push(underway);
    if (!settled) this.#lanes[laneOf(record, this.#lanes.length)]?.add(underway);
  }

  #settle(records: Underway[]): void {
    for (const one of records) one.settled = true;
    const open = this.#underway.findIndex(({ settled }) => !settled);
    const last = this.#underway.splice(0, open < 0 ? this.#underway.length : open).at(-1);
    if (last) this.#parts.reached({ shardId: last.shardId, sequence: last.record.dynamodb.SequenceNumber });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#pauses.delete(end);
        resolve();
      };
      const timer = setTimeout(end, ms).unref();
      this.#pauses.add(end);
    });
  }
}

/** The first key is the one that partitions the table: `pk`, as all tables of a stack call it that have two. */
function laneOf({ dynamodb }: StreamRecord, lanes: number): number {
  const text = JSON.stringify(dynamodb.Keys['pk'] ?? dynamodb.Keys);
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = (hash * 31 + text.charCodeAt(at)) | 0;
  return Math.abs(hash) % lanes;
}
