import { LRUCache } from 'lru-cache';
import { newId } from '../../kernel/id.ts';
import { type Plan, plannedIn } from '../../workflow/plan.ts';
import { ENTRY_VALUES, type Entry, type EntryValue, storedIn, withAttempt } from '../model/entry.ts';
import { keptFromLife } from '../model/project.ts';
import type { Run } from '../model/run.ts';
import { parseKey } from '../model/scope.ts';
import { failuresAt, isTimely, type RunState, stateOf } from '../model/state.ts';
import type { Stored } from '../model/stored.ts';
import type { EngineServices, Loaded } from '../ports.ts';

const KEPT_BYTES = 64 * 1024 * 1024;
const ENTRY_OVERHEAD_BYTES = 300;

/** A name for who appends: by it a write whose answer was lost is told from the same words of somebody else. */
export const newWriter = (): string => newId().slice(-6);

/** Somebody else drives the run, or it has ended: this driver has nothing more to say. */
export class DriverReplaced extends Error {
  constructor(runId: string) {
    super(`Run ${runId} is driven by another one, or has ended.`);
    this.name = 'DriverReplaced';
  }
}

/**
 * An entry that is not written yet. When the state turns out to be another one, what has happened `outside` stays true; what only follows from the `state`
 * is decided anew, and what was made `inside`, of the values of steps, is made anew where it may stand on that.
 */
interface Unwritten {
  entry: Entry;
  source: 'outside' | 'inside' | 'state';
}

/** The journal as its driver sees it: what is written, and behind it what is not yet. */
export class Journal {
  readonly #engine: EngineServices;
  readonly #plan: Plan;
  readonly #isMine: (state: RunState) => boolean;
  readonly #recent = new LRUCache<number, Entry>({ maxSize: KEPT_BYTES, sizeCalculation: weightOf });
  #run: Run;
  #state: RunState;
  #written: number;
  /** What is not written yet. */
  #buffer: Unwritten[] = [];
  #revision = 0;
  /** The last of those that read or write, one after another: what is read must not cross what is being written. */
  #queue: Promise<unknown> = Promise.resolve();
  readonly #writer = newWriter();
  /** When it was last known that nobody else has written. */
  #knownAt: number;

  /** `isMine`: whether the driver may still go on, by the state of the journal. */
  constructor(engine: EngineServices, plan: Plan, loaded: Loaded, isMine: (state: RunState) => boolean = () => true) {
    this.#engine = engine;
    this.#plan = plan;
    this.#isMine = isMine;
    this.#run = loaded.run;
    this.#state = this.#fold(loaded);
    this.#written = this.#state.seen;
    this.#knownAt = engine.now().getTime();
  }

  get run(): Run {
    return this.#run;
  }

  /** Another one when something that was recorded has been taken back. */
  get revision(): number {
    return this.#revision;
  }

  get state(): RunState {
    return this.#state;
  }

  /**
   * Whether there is something that must be known before anything is done that stands on it: all but the mere start of what may be repeated. The start of
   * a group counts: of a call in a group that nobody knows of, a stop could not say that it may have been made.
   */
  get hasNews(): boolean {
    return this.#buffer.some(({ entry }) => {
      if (entry.type === 'step_started') return plannedIn(this.#plan, parseKey(entry.key).id).branches.size > 0;
      return entry.type !== 'driver_started' && entry.type !== 'run_started';
    });
  }

  get isClean(): boolean {
    return this.#buffer.length === 0;
  }

  /** Applies entries at once and writes them later. What comes too late for its step is dropped. */
  record(...entries: Entry[]): void {
    for (const entry of entries) this.#add(entry, 'outside');
  }

  /** The same for what a step gave that reaches nothing outside, unless something has been taken back since `revision`: then it is made anew. */
  derive(entry: Entry, revision: number): void {
    if (revision === this.#revision) this.#add(entry, 'inside');
  }

  /** The same for what follows from the state as it is known here. */
  conclude(...entries: Entry[]): void {
    for (const entry of entries) this.#add(entry, 'state');
  }

  /** Writes everything recorded so far. Throws `DriverReplaced`. */
  flush(): Promise<void> {
    return this.#alone(async () => {
      while (!(await this.#append()));
    });
  }

  /** Takes in what others have written, unless it was looked for, or nothing came between, within the last milliseconds. Throws `DriverReplaced`. */
  look(withinMs = 0): Promise<void> {
    return this.#alone(async () => {
      if (withinMs > 0 && this.#engine.now().getTime() - this.#knownAt <= withinMs) return;
      const news = await this.#engine.runs.entriesAfter(this.#run.id, this.#written);
      this.#know();
      if (news.length === 0) return;
      if (this.#buffer.length > 0) return this.#reload();
      for (const entry of news) this.#remember(entry);
      this.#written = this.#state.seen;
      this.#check();
    });
  }

  /** The entries of these numbers. */
  async entries(numbers: number[]): Promise<Map<number, Entry>> {
    const found = new Map<number, Entry>();
    const missing: number[] = [];
    for (const number of numbers) {
      const known = this.#recent.get(number) ?? this.#unwritten(number);
      if (known) found.set(number, known);
      else missing.push(number);
    }
    if (missing.length === 0) return found;
    for (const [number, entry] of await this.#engine.runs.entriesAt(this.#run.id, missing)) {
      this.#recent.set(number, entry);
      found.set(number, entry);
    }
    return found;
  }

  /** A value that the entry of this number carries, as it is stored; undefined when there is none. */
  async stored(number: number | undefined, name: EntryValue): Promise<Stored | undefined> {
    const entry = number === undefined ? undefined : (await this.entries([number])).get(number);
    return entry && storedIn(entry, name);
  }

  /** A row that somebody has written meanwhile. */
  replaceRun(run: Run): void {
    this.#run = run;
  }

  #unwritten(number: number): Entry | undefined {
    return number > this.#written ? this.#buffer[number - this.#written - 1]?.entry : undefined;
  }

  #alone(work: () => Promise<void>): Promise<void> {
    const turn = this.#queue.then(work);
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  #know(): void {
    this.#knownAt = this.#engine.now().getTime();
  }

  /** Whether all of it could be written: what is recorded meanwhile goes into the next item. */
  async #append(): Promise<boolean> {
    if (this.#buffer.length === 0) return true;
    const entries = this.#buffer.map(({ entry }) => entry);
    const until = keptFromLife(this.#engine.now(), this.#engine.retentionDays);
    const written = await this.#engine.runs.append(this.#run.id, this.#written, entries, until, this.#writer);
    this.#know();
    this.#buffer.splice(0, written);
    this.#written += written;
    if (written === entries.length) return true;
    await this.#reload();
    return false;
  }

  async #reload(): Promise<void> {
    const loaded = await this.#engine.runs.load(this.#run.id);
    if (!loaded) throw new DriverReplaced(this.#run.id);
    const facts = lasting(this.#buffer);
    if (facts.length < this.#buffer.length) this.#revision += 1;
    this.#buffer = [];
    this.#recent.clear();
    this.#run = loaded.run;
    this.#state = this.#fold(loaded);
    this.#written = this.#state.seen;
    this.#check();
    for (const { entry, source } of facts) if (!isOutdated(this.#state, entry)) this.#add(entry, source);
  }

  #check(): void {
    if (this.#state.ended || !this.#isMine(this.#state)) throw new DriverReplaced(this.#run.id);
  }

  #fold({ snapshot, entries }: Loaded): RunState {
    const state = stateOf(this.#plan, [], snapshot);
    for (const entry of entries) {
      state.apply(entry);
      this.#recent.set(state.seen, entry);
    }
    return state;
  }

  #add(given: Entry, source: Unwritten['source']): void {
    if (!isTimely(this.#state, given)) return;
    const entry = withAttempt(given, failuresAt(this.#state, given));
    this.#remember(entry);
    this.#buffer.push({ entry, source });
  }

  #remember(entry: Entry): void {
    this.#state.apply(entry);
    this.#recent.set(this.#state.seen, entry);
  }
}

/** What does not stand on anything that is to be decided anew. A call stands on what was written before it. */
function lasting(entries: Unwritten[]): Unwritten[] {
  const first = entries.findIndex(({ source }) => source === 'state');
  return entries.filter(({ source }, place) => source === 'outside' || (source === 'inside' && (first < 0 || place < first)));
}

/** Another driver has written meanwhile how the same attempt failed: it is counted once. */
function isOutdated(state: RunState, entry: Entry): boolean {
  switch (entry.type) {
    case 'step_started':
    case 'step_queued':
    case 'round_started':
    case 'step_retrying':
    case 'step_failed':
    case 'task_opened':
      return (entry.attempt ?? 1) !== failuresAt(state, entry) + 1;
    default:
      return false;
  }
}

function weightOf(entry: Entry): number {
  let bytes = ENTRY_OVERHEAD_BYTES;
  for (const name of ENTRY_VALUES) {
    const value = storedIn(entry, name);
    if (value && 'json' in value) bytes += value.json.length * 2;
  }
  return bytes;
}
