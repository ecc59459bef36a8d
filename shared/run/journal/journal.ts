import { LRUCache } from 'lru-cache';
import type { Plan } from '../../workflow/plan.ts';
import { ENTRY_VALUES, type Entry, storedIn, withAttempt } from '../model/entry.ts';
import { deadlineOf, keptUntil } from '../model/project.ts';
import type { Run } from '../model/run.ts';
import { failuresAt, type RunState, stateOf } from '../model/state.ts';
import { isOver } from '../model/step-state.ts';
import type { Engine, Loaded } from '../ports.ts';
import { persistently } from './persistently.ts';

const KEPT_BYTES = 64 * 1024 * 1024;
const ENTRY_OVERHEAD_BYTES = 300;

/** Somebody else drives the run, or it has ended: this driver has nothing more to say. */
export class DriverReplaced extends Error {
  constructor(runId: string) {
    super(`Run ${runId} is driven by another one, or has ended.`);
    this.name = 'DriverReplaced';
  }
}

/** The journal as its driver sees it: what is written, and behind it what is not yet. */
export class Journal {
  readonly #engine: Engine;
  readonly #plan: Plan;
  readonly #isMine: (state: RunState) => boolean;
  readonly #patience: Date | undefined;
  readonly #recent = new LRUCache<number, Entry>({ maxSize: KEPT_BYTES, sizeCalculation: weightOf });
  #run: Run;
  #state: RunState;
  #written: number;
  #buffer: Entry[] = [];
  #flushing: Promise<void> | undefined;

  /** `isMine`: whether the driver may still go on, by the state of the journal. `patience`: until when a busy store is waited for. */
  constructor(engine: Engine, plan: Plan, loaded: Loaded, isMine: (state: RunState) => boolean = () => true, patience?: Date) {
    this.#engine = engine;
    this.#plan = plan;
    this.#isMine = isMine;
    this.#patience = patience;
    this.#run = loaded.run;
    this.#state = this.#fold(loaded);
    this.#written = this.#state.seen;
  }

  get run(): Run {
    return this.#run;
  }

  get state(): RunState {
    return this.#state;
  }

  /** Whether there is something that must be known before anything is done that stands on it: all but the mere start of what may be repeated. */
  get hasNews(): boolean {
    return this.#buffer.some(({ type }) => type !== 'step_started' && type !== 'driver_started' && type !== 'run_started');
  }

  get isClean(): boolean {
    return this.#buffer.length === 0;
  }

  /** Applies entries at once and writes them later. What comes too late for its step is dropped. */
  record(...entries: Entry[]): void {
    for (const entry of entries) if (isTimely(this.#state, entry)) this.#add(entry);
  }

  /** Writes everything recorded so far. Throws `DriverReplaced`. */
  async flush(): Promise<void> {
    // One append at a time: what is recorded meanwhile goes into the next.
    while (this.#flushing) await this.#flushing;
    if (this.#buffer.length === 0) return;
    this.#flushing = this.#append().finally(() => {
      this.#flushing = undefined;
    });
    await this.#flushing;
    if (this.#buffer.length > 0) await this.flush();
  }

  /** Takes in what others have written. Throws `DriverReplaced`. */
  async look(): Promise<boolean> {
    while (this.#flushing) await this.#flushing;
    const before = this.#written;
    const news = await this.#engine.runs.entriesAfter(this.#run.id, before);
    if (news.length === 0 || this.#written !== before) return false;
    if (this.#buffer.length > 0) await this.#reload();
    else {
      for (const entry of news) this.#remember(entry);
      this.#written = this.#state.seen;
    }
    this.#check();
    return true;
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

  /** A row that somebody has written meanwhile. */
  replaceRun(run: Run): void {
    this.#run = run;
  }

  #unwritten(number: number): Entry | undefined {
    return number > this.#written ? this.#buffer[number - this.#written - 1] : undefined;
  }

  async #append(): Promise<void> {
    const entries = [...this.#buffer];
    const ended = entries.at(-1)?.type === 'run_ended' ? this.#engine.now() : deadlineOf(this.#run, this.#state);
    const until = keptUntil(ended, this.#engine.retentionDays);
    const write = () => this.#engine.runs.append(this.#run.id, this.#written, entries, until);
    const written = await (this.#patience ? persistently(write, this.#patience) : write());
    this.#buffer.splice(0, written);
    this.#written += written;
    if (written === entries.length) return;
    await this.#reload();
    this.#check();
  }

  async #reload(): Promise<void> {
    const loaded = await this.#engine.runs.load(this.#run.id);
    if (!loaded) throw new DriverReplaced(this.#run.id);
    // Whether to leave is decided anew by what has been learned.
    const buffer = this.#buffer.filter(({ type }) => type !== 'driver_left' && type !== 'execution_started');
    this.#buffer = [];
    this.#recent.clear();
    this.#run = loaded.run;
    this.#state = this.#fold(loaded);
    this.#written = this.#state.seen;
    this.#check();
    this.record(...buffer);
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

  #add(given: Entry): void {
    const entry = withAttempt(given, failuresAt(this.#state, given));
    this.#remember(entry);
    this.#buffer.push(entry);
  }

  #remember(entry: Entry): void {
    this.#state.apply(entry);
    this.#recent.set(this.#state.seen, entry);
  }
}

/** Nothing is said behind the end of a run, nor of a step that is over. A run that was told to stop ends as that and nothing else. */
function isTimely(state: RunState, entry: Entry): boolean {
  if (state.ended) return false;
  if (entry.type === 'run_ended' && state.stop) return entry.status === 'cancelled';
  const step = 'key' in entry ? state.step(entry.key) : undefined;
  return step === undefined || !isOver(step);
}

function weightOf(entry: Entry): number {
  let bytes = ENTRY_OVERHEAD_BYTES;
  for (const name of ENTRY_VALUES) {
    const value = storedIn(entry, name);
    if (value && 'json' in value) bytes += value.json.length * 2;
  }
  return bytes;
}
