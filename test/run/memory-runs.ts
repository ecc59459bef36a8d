import { decodeTime } from 'ulid';
import * as z from 'zod';
import { parseJson } from '../../shared/kernel/json.ts';
import type { Page, PageOf } from '../../shared/kernel/page.ts';
import { fits, type RunFilter } from '../../shared/run/list/filter.ts';
import { type Entry, entry } from '../../shared/run/model/entry.ts';
import { type Projection, type Run, run as runSchema } from '../../shared/run/model/run.ts';
import { isTerminal } from '../../shared/run/model/status.ts';
import type { Stored } from '../../shared/run/model/stored.ts';
import { INLINE_LIMIT_BYTES, jsonTextOf } from '../../shared/run/model/value.ts';
import {
  type Beginnings,
  type Created,
  type ExecutionKind,
  type Executions,
  LIVE_SHARDS,
  type Loaded,
  MOST_COUNTED,
  type Newest,
  type ProjectedAt,
  type RunChange,
  type Runs,
  type StartKey,
  type Values,
} from '../../shared/run/ports.ts';

import { MemoryPlaces } from './memory-places.ts';

/** Called around every operation: may wait, so that others come between, or throw, so that a call or its answer is lost. */
export type Disturb = (operation: keyof Runs, when: 'before' | 'after') => Promise<void> | void;

interface Item {
  number: number;
  texts: string[];
  expires: number;
  writer?: string;
}

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LONGEST_ITEM = 300 * 1024;
const entries = z.array(entry);

/** Runs in memory, as texts: nothing that is handed out or taken in is shared. Every operation happens at one moment. */
export class MemoryRuns implements Runs {
  readonly #rows = new Map<string, { text: string; expires?: number | undefined }>();
  readonly #journals = new Map<string, Item[]>();
  readonly #started = new Map<string, { runId: string; bodyHash: string }>();
  readonly #values: Pick<Values, 'text'>;
  readonly #disturb: Disturb;

  readonly #places: MemoryPlaces;

  constructor(
    values: Pick<Values, 'text'> = new MemoryValues(),
    disturb: Disturb = () => {},
    places: MemoryPlaces = new MemoryPlaces(),
  ) {
    this.#places = places;
    this.#values = values;
    this.#disturb = disturb;
  }

  create(run: Run, key?: StartKey, { enters, queued }: Beginnings = {}) {
    return this.#once('create', (): Created => {
      const name = key && `${key.workspace}#${key.hash}`;
      const earlier = name === undefined ? undefined : this.#started.get(name);
      const text = JSON.stringify(run);
      const found = this.#rows.get(run.id);
      if (found?.text === text) return {};
      if (earlier) return { earlier };
      if (found && key) return { earlier: { runId: run.id, bodyHash: key.bodyHash } };
      if (found) throw new Error(`There is a run ${run.id} already.`);
      if (enters && !this.#places.enter(run, enters)) return { full: true };
      this.#rows.set(run.id, { text });
      if (queued) this.#put(run.id, { number: 1, texts: [JSON.stringify(queued.entry)], expires: queued.keptUntil });
      if (key && name) this.#started.set(name, { runId: run.id, bodyHash: key.bodyHash });
      return {};
    });
  }

  startedUnder(key: StartKey) {
    return this.#once('startedUnder', () => this.#started.get(`${key.workspace}#${key.hash}`));
  }

  get(id: string) {
    return this.#once('get', () => this.#run(id));
  }

  async load(id: string): Promise<Loaded | undefined> {
    const loaded = await this.#once('load', () => {
      const run = this.#run(id);
      return run && { run, entries: this.#entries(id, run.snapshot?.number ?? 0) };
    });
    if (!loaded?.run.snapshot) return loaded;
    return { ...loaded, snapshot: parseJson(await this.#values.text(loaded.run.snapshot.ref)) };
  }

  entriesAfter(id: string, number: number, limit = Number.POSITIVE_INFINITY) {
    return this.#once('entriesAfter', () => this.#entries(id, number, number + limit));
  }

  entriesAt(id: string, numbers: number[]) {
    return this.#once('entriesAt', () => {
      const texts = this.#texts(id);
      return new Map(
        numbers.flatMap((number) => {
          const text = texts[number - 1];
          return text === undefined ? [] : [[number, entry.parse(parseJson(text))] as const];
        }),
      );
    });
  }

  append(id: string, after: number, added: Entry[], keptUntil: number, writer: string) {
    return this.#once('append', () => {
      const texts = added.map((one) => JSON.stringify(one));
      let written = 0;
      while (written < texts.length) {
        const item = { number: after + written + 1, texts: fitting(texts.slice(written)), expires: keptUntil, writer };
        const own = this.#put(id, item);
        if (own === 0) break;
        written += own;
      }
      return written;
    });
  }

  project(run: Run, next: Projection, { dueAt, dueWas, keptUntil }: ProjectedAt) {
    return this.#once('project', () => {
      const now = this.#run(run.id);
      if (!now || now.seen > next.seen) return false;
      if (isTerminal(now.status) && (now.seen !== next.seen || now.status !== next.status)) return false;
      const isSooner = dueAt !== undefined && dueWas !== undefined && now.dueAt !== dueWas && (now.dueAt ?? '') <= dueAt;
      if (isSooner && !isTerminal(next.status)) return false;
      const { name, labels, archived, snapshot } = now;
      const { dueAt: _, ...rest } = { ...run, ...next, name, labels, archived, snapshot: next.snapshot ?? snapshot };
      const ended = isTerminal(next.status);
      const due = ended ? undefined : (dueAt ?? now.dueAt);
      this.#rows.set(run.id, { text: JSON.stringify({ ...rest, dueAt: due }), expires: ended ? keptUntil : undefined });
      return true;
    });
  }

  due(shard: number, now: string, limit: number) {
    return this.#once('due', () =>
      this.#all()
        .flatMap(({ id, dueAt }) => (shardOf(id) === shard && dueAt !== undefined && dueAt <= now ? [{ id, dueAt }] : []))
        .sort((a, b) => (a.dueAt < b.dueAt ? -1 : 1))
        .slice(0, limit),
    );
  }

  takeDue(id: string, seen: string, dueAt: string) {
    return this.#once('takeDue', () => {
      const run = this.#run(id);
      if (run?.dueAt !== seen || isTerminal(run.status)) return false;
      this.#rows.set(id, { text: JSON.stringify({ ...run, dueAt }) });
      return true;
    });
  }

  change({ id }: Run, { name, labels, labelsWere, archived }: RunChange) {
    return this.#once('change', () => {
      const now = this.#run(id);
      if (!now || (labelsWere && JSON.stringify(now.labels) !== JSON.stringify(labelsWere))) return false;
      const next = {
        ...now,
        ...(name !== undefined && { name }),
        ...(labels !== undefined && { labels }),
        ...(archived !== undefined && { archived: archived ? (now.archived ?? archived) : undefined }),
      };
      this.#rows.set(id, { ...this.#rows.get(id), text: JSON.stringify(next) });
      return true;
    });
  }

  keep(id: string, until: number) {
    return this.#once('keep', () => {
      for (const item of this.#journals.get(id) ?? []) item.expires = Math.max(item.expires, until);
    });
  }

  remove(id: string) {
    return this.#once('remove', () => {
      const run = this.#run(id);
      if (run && !isTerminal(run.status)) return false;
      this.#journals.delete(id);
      this.#rows.delete(id);
      return true;
    });
  }

  list(filter: RunFilter, { limit, token }: PageOf): Promise<Page<Run>> {
    return this.#once('list', () => {
      const name = JSON.stringify(filter);
      const [of, behind = '~'] = token === undefined ? [name] : token.split('\n');
      if (of !== name) throw new Error('The continuation_token is not one of this list.');
      const found = this.#found(filter)
        .filter(({ id }) => id < behind)
        .sort((a, b) => (a.id < b.id ? 1 : -1));
      const items = found.slice(0, limit);
      const end = found.length > limit ? items.at(-1)?.id : undefined;
      return { items, next: end && `${name}\n${end}`, end };
    });
  }

  count(filter: RunFilter) {
    return this.#once('count', () => {
      const { length } = this.#found(filter);
      return { count: Math.min(length, MOST_COUNTED), exact: length <= MOST_COUNTED };
    });
  }

  /** Looks at runs that fit alone. */
  newest(filter: RunFilter, most: number): Promise<Newest> {
    return this.#once('newest', () => {
      const found = this.#found(filter).sort((a, b) => (a.id < b.id ? 1 : -1));
      const items = found.slice(0, most).map(({ id, status, createdAt }) => ({ id, status, createdAt }));
      const end = found.length > most ? items.at(-1) : undefined;
      return { items, ...(end && { searchedTo: new Date(decodeTime(end.id)).toISOString() }) };
    });
  }

  #found({ q, ...filter }: RunFilter): Run[] {
    const all = this.#all();
    const named = q === undefined ? [] : all.filter((run) => fits(run, { ...filter, named: q }));
    return named.length > 0 ? named : all.filter((run) => fits(run, { ...filter, q }));
  }

  /** When the rows of a run go, in seconds since 1970. */
  expiryOf(id: string): { row: number | undefined; journal: number[] } {
    return { row: this.#rows.get(id)?.expires, journal: (this.#journals.get(id) ?? []).map(({ expires }) => expires) };
  }

  /** When the next run is to be looked at, in milliseconds since 1970. */
  nextDue(): number {
    return Math.min(...this.#all().map(({ dueAt }) => (dueAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(dueAt))));
  }

  /** How long the items of a journal are, in characters. */
  itemsOf(id: string): number[] {
    return (this.#journals.get(id) ?? []).map(({ texts }) => texts.join(',').length);
  }

  /** How many of the entries it could write or had written before. */
  #put(id: string, item: Item): number {
    const items = this.#journals.get(id) ?? [];
    this.#journals.set(id, items);
    const found = items.find(({ number }) => number === item.number);
    if (found)
      return found.writer === item.writer && found.texts.every((text, at) => text === item.texts[at]) ? found.texts.length : 0;
    const last = items.at(-1);
    // A gap, or a place inside an item, cannot come of an append behind what was read.
    if (item.number !== (last ? last.number + last.texts.length : 1)) throw new Error(`Entry ${item.number} would leave a gap.`);
    items.push(item);
    return item.texts.length;
  }

  #texts(id: string): string[] {
    return (this.#journals.get(id) ?? []).flatMap(({ texts }) => texts);
  }

  /** The entries behind a number, up to another. */
  #entries(id: string, after: number, last?: number): Entry[] {
    const texts = this.#texts(id).slice(after, last);
    return entries.parse(texts.map((text): unknown => parseJson(text)));
  }

  #run(id: string): Run | undefined {
    const row = this.#rows.get(id);
    return row && runSchema.parse(parseJson(row.text));
  }

  #all(): Run[] {
    return [...this.#rows.keys()].flatMap((id) => this.#run(id) ?? []);
  }

  async #once<T>(operation: keyof Runs, act: () => T): Promise<T> {
    await this.#disturb(operation, 'before');
    const result = act();
    await this.#disturb(operation, 'after');
    return result;
  }
}

const shardOf = (id: string) => Math.max(0, CROCKFORD.indexOf(id.at(-1) ?? '')) % LIVE_SHARDS;

function fitting(texts: string[]): string[] {
  let size = 0;
  const end = texts.findIndex((text, at) => {
    size += text.length;
    return at > 0 && size > LONGEST_ITEM;
  });
  return end < 0 ? texts : texts.slice(0, end);
}

/** Values in memory. */
export class MemoryValues implements Values {
  readonly texts = new Map<string, string>();

  async store(runId: string, name: string, value: unknown): Promise<Stored> {
    const { json, bytes } = jsonTextOf(name, value);
    return bytes <= INLINE_LIMIT_BYTES ? { json } : { ref: await this.put(runId, name, json), bytes };
  }

  async read(value: Stored): Promise<unknown> {
    return parseJson('json' in value ? value.json : await this.text(value.ref));
  }

  async copy(runId: string, name: string, value: Stored): Promise<Stored> {
    return 'json' in value ? value : { ...value, ref: await this.put(runId, name, await this.text(value.ref)) };
  }

  async put(runId: string, name: string, text: string): Promise<string> {
    const ref = `runs/${runId}/${name}.json`;
    this.texts.set(ref, text);
    return ref;
  }

  async text(ref: string): Promise<string> {
    const text = this.texts.get(ref);
    if (text === undefined) throw new Error(`There is no value ${ref}.`);
    return text;
  }

  async measure(runId: string) {
    const texts = [...this.texts].filter(([ref]) => ref.startsWith(`runs/${runId}/`)).map(([, text]) => text);
    return { count: texts.length, bytes: texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) };
  }

  async remove(runId: string): Promise<void> {
    for (const ref of this.texts.keys()) if (ref.startsWith(`runs/${runId}/`)) this.texts.delete(ref);
  }
}

export interface StartedExecution {
  kind: ExecutionKind;
  name: string;
  input: { run: string; execution: number };
}

/** Remembers which executions were started; whoever tests drives them. A name is started once. */
export class MemoryExecutions implements Executions {
  readonly started: StartedExecution[] = [];
  readonly #onStart: (execution: StartedExecution) => Promise<void> | void;

  /** `onStart` may throw, so that the start is lost. */
  constructor(onStart: (execution: StartedExecution) => Promise<void> | void = () => {}) {
    this.#onStart = onStart;
  }

  async start(kind: ExecutionKind, name: string, input: { run: string; execution: number }): Promise<void> {
    if (this.started.some((execution) => execution.name === name)) return;
    const execution = { kind, name, input };
    await this.#onStart(execution);
    this.started.push(execution);
  }
}
