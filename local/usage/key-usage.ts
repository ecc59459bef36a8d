import * as z from 'zod';
import type { Stack } from '../cloudformation/stack.ts';
import { type Write, writesOf } from './writes.ts';

const keySchema = z.array(z.object({ AttributeName: z.string(), KeyType: z.string() })).transform((keys) => ({
  hash: keys.find(({ KeyType }) => KeyType === 'HASH')?.AttributeName ?? '',
  names: keys.map(({ AttributeName }) => AttributeName),
}));
const table = z.object({
  KeySchema: keySchema,
  GlobalSecondaryIndexes: z.array(z.object({ IndexName: z.string(), KeySchema: keySchema })).default([]),
});

const units = z.object({ CapacityUnits: z.number() });
const consumed = z.object({
  TableName: z.string(),
  Table: units.optional(),
  GlobalSecondaryIndexes: z.record(z.string(), units).default({}),
});
const answer = z.object({ ConsumedCapacity: z.union([consumed.transform((one) => [one]), z.array(consumed)]).default([]) });

interface Table {
  key: z.infer<typeof keySchema>;
  /** Hash attribute by index. */
  indexes: Map<string, string>;
  /** What each item was last written with, of the hash attributes of indexes. */
  items: Map<string, Map<string, string>>;
}

interface Tally {
  table: string;
  index: string | null;
  key: string;
  units: number;
  /** In the busiest window. */
  peak: number;
}

const REPORTED = 1000;
/** A key that cannot be told: of an item that was written before anybody counted, or set to what an expression makes. */
const UNKNOWN = '?';

/**
 * Counts write units by table key and index key, in windows of time. Units are those that the emulator reports for a request; several items of one
 * request and table share them by their sizes. An index unit belongs to the item's hash attribute of that index; when a write moves the item
 * from one to another, to each by half.
 */
export class KeyUsage {
  readonly #windowMs: number;
  readonly #tables: Map<string, Table>;
  readonly #tallies = new Map<string, Tally & { window: number; inWindow: number }>();

  constructor(stack: Stack, windowMs: number) {
    this.#windowMs = windowMs;
    this.#tables = new Map(
      stack.ofType('AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable').map(({ name, properties }) => {
        const { KeySchema, GlobalSecondaryIndexes } = table.parse(properties);
        const indexes = new Map(GlobalSecondaryIndexes.map((index) => [index.IndexName, index.KeySchema.hash]));
        return [name, { key: KeySchema, indexes, items: new Map() }];
      }),
    );
  }

  /** Counts a write that was answered with success. */
  record(operation: string, request: Buffer, response: Buffer, { nowMs, isGroup }: { nowMs: number; isGroup: boolean }): void {
    const writes = writesOf(operation, request);
    if (writes.length === 0) return;
    const window = Math.floor(nowMs / this.#windowMs);
    // The emulator counts twice what a transaction writes to a table, and once what it writes to indexes.
    const part = isGroup ? 1 / 2 : 1;
    const { ConsumedCapacity } = answer.parse(JSON.parse(response.toString()));
    for (const { TableName, Table: own, GlobalSecondaryIndexes } of ConsumedCapacity) {
      const known = this.#tables.get(TableName);
      const theirs = writes.filter((write) => write.table === TableName);
      if (!known || theirs.length === 0) continue;
      const moves = theirs.map((write) => ({ write, ...moved(known, write) }));
      const keys = theirs.map((write) => ({ keys: [write.item[known.key.hash] ?? UNKNOWN], weight: write.weight }));
      this.#share({ table: TableName, index: null }, keys, (own?.CapacityUnits ?? 0) * part, window);
      for (const [index, { CapacityUnits }] of Object.entries(GlobalSecondaryIndexes))
        this.#share({ table: TableName, index }, indexKeys(known.indexes.get(index) ?? '', moves), CapacityUnits, window);
    }
  }

  /** The busiest keys first. */
  report(): { windowMs: number; keys: Tally[] } {
    const keys = [...this.#tallies.values()].map(({ window: _, inWindow, ...tally }) => tally);
    return { windowMs: this.#windowMs, keys: keys.toSorted((a, b) => b.peak - a.peak || b.units - a.units).slice(0, REPORTED) };
  }

  #share(
    tally: Pick<Tally, 'table' | 'index'>,
    shares: { keys: string[]; weight: number }[],
    total: number,
    window: number,
  ): void {
    if (total === 0) return;
    const weights = shares.reduce((sum, { weight }) => sum + weight, 0);
    if (weights === 0) this.#count({ ...tally, key: UNKNOWN }, total, window);
    for (const { keys, weight } of shares)
      for (const key of keys) this.#count({ ...tally, key }, (total * weight) / weights / keys.length, window);
  }

  #count({ table, index, key }: Pick<Tally, 'table' | 'index' | 'key'>, more: number, window: number): void {
    const id = `${table}/${index ?? ''}/${key}`;
    const tally = this.#tallies.get(id) ?? { table, index, key, units: 0, peak: 0, window, inWindow: 0 };
    tally.units += more;
    tally.inWindow = tally.window === window ? tally.inWindow + more : more;
    tally.window = window;
    tally.peak = Math.max(tally.peak, tally.inWindow);
    this.#tallies.set(id, tally);
  }
}

type Attributes = ReadonlyMap<string, string>;
interface Move {
  write: Write;
  before: Attributes;
  after: Attributes;
}

/** What an item has of the hash attributes of indexes before a write and after it; remembers the latter. */
function moved({ key, indexes, items }: Table, write: Write): Pick<Move, 'before' | 'after'> {
  const id = key.names.map((name) => write.item[name]).join('/');
  const before = items.get(id) ?? new Map<string, string>();
  const after = new Map<string, string>();
  for (const attribute of new Set(indexes.values())) {
    const change = write.change(attribute);
    const value = change === 'kept' ? before.get(attribute) : change === 'unknown' ? UNKNOWN : change?.value;
    if (value !== undefined) after.set(attribute, value);
  }
  items.set(id, after);
  return { before, after };
}

/** The keys of an index that writes have touched: those that came, went or moved; else all that are in it. */
function indexKeys(attribute: string, moves: Move[]): { keys: string[]; weight: number }[] {
  const touched = moves.map(({ write, before, after }) => ({
    keys: [...new Set([before.get(attribute), after.get(attribute)].filter((key) => key !== undefined))],
    weight: write.weight,
    changed: before.get(attribute) !== after.get(attribute),
  }));
  const inIt = touched.filter(({ keys }) => keys.length > 0);
  const changed = inIt.filter((one) => one.changed);
  return changed.length > 0 ? changed : inIt;
}
