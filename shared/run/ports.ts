import type { Plan } from '../workflow/plan.ts';
import type { RunEvent } from './event.ts';
import type { Failure, Run, RunEntry, RunRef, Stored } from './run.ts';
import type { Ending, RunStatus, Stage, Trigger } from './status.ts';
import type { StepRow } from './step-row.ts';

/** The door's promise that the same request starts one run. */
export interface StartKey {
  workspace: string;
  /** SHA-256 over door and key. */
  hash: string;
  /** SHA-256 over the request, to tell a repetition from another request under the same key. */
  bodyHash: string;
}

export interface RunFilter {
  workspace: string;
  project?: string | undefined;
  workflowId?: string | undefined;
  status?: RunStatus | undefined;
  stage?: Stage | undefined;
  trigger?: Trigger | undefined;
  /** Runs that this one brought about. */
  parent?: string | undefined;
  /** ISO times, inclusive. */
  from?: string | undefined;
  to?: string | undefined;
}

export interface Page<T> {
  items: T[];
  /** Opaque; goes on behind the last item, whatever has come since. */
  next: string | undefined;
}

export interface PageOf {
  limit: number;
  token?: string | undefined;
}

/** How a run ends. */
export interface Settlement {
  status: Ending;
  at: string;
  endedId: string;
  outputs?: Stored | undefined;
  error?: Failure | undefined;
  reason?: string | undefined;
}

/** Lines of the log that stand in a row of their own. */
export interface LogLines {
  /** Written once under it, however often it is tried; without it the lines are always new. */
  name?: string;
  events: RunEvent[];
}

export interface LogEntry {
  logId: string;
  events: RunEvent[];
  /** Key and output of the step whose row it is. */
  key?: string | undefined;
  output?: Stored | undefined;
}

/** Runs and all that is known of them. */
export interface Runs {
  /** Writes the run, once. With a key that was used before it answers the run that was started under it. */
  create(run: Run, key?: StartKey): Promise<{ earlier?: { runId: string; bodyHash: string } }>;
  /** Writes the steps that a run takes over from another, before the run itself. */
  adopt(run: Run, rows: StepRow[]): Promise<void>;
  /** The run that was started under that key. */
  startedUnder(key: StartKey): Promise<{ runId: string; bodyHash: string } | undefined>;
  /** The run as it stands now. */
  get(id: string): Promise<Run | undefined>;
  /** The run and some of its steps in one read, as they stand now. */
  load(id: string, keys: string[]): Promise<{ run: Run | undefined; steps: Map<string, StepRow> }>;
  /** The steps under these keys; any number. */
  stepsAt(id: string, keys: string[]): Promise<Map<string, StepRow>>;
  /** The steps whose key begins with a scope. */
  stepsUnder(id: string, prefix: string): Promise<StepRow[]>;
  /** Every step row of the run. */
  steps(id: string): Promise<StepRow[]>;
  /**
   * Stores a step unless it has ended meanwhile, or, with `only`, waits for that run no more: then throws `StepEnded`. `lines` are written with it,
   * or not at all.
   */
  putStep(runId: string, row: StepRow, lines?: LogLines, only?: { waitsFor: string }): Promise<void>;
  /** Notes which catcher took the failure of a step. */
  takeFailure(runId: string, key: string, handler: number): Promise<void>;
  append(runId: string, lines: LogLines): Promise<void>;
  /** pending -> running; false when it is not pending any more. */
  markRunning(run: Run, at: string, dueAt: string): Promise<boolean>;
  /** Asks a live run to stop; a graceful one makes it `draining`. False when it has ended or is stopping as much already. */
  requestStop(run: Run, stop: NonNullable<Run['stop']>, dueAt?: string): Promise<boolean>;
  /** Asks a live run to pause. False when it has ended, is stopping, or pauses already. */
  requestPause(run: Run, pause: NonNullable<Run['pause']>, dueAt: string): Promise<boolean>;
  /** Lets a run that is still pausing go on once it is quiet. False when it is not pausing any more. */
  resumeWhenQuiet(run: Run, by: string): Promise<boolean>;
  /** Parks a pausing run. False when it does not pause any more. */
  markPaused(run: Run): Promise<boolean>;
  /** Lets a run go on in its next walk that is paused, or shall go on when it is. False when somebody else has, or when it was paused anew. */
  markResumed(seen: Run, next: Run): Promise<boolean>;
  /** Ends a live run; false when it had ended before, or when it is to succeed after it was told to stop. */
  settle(run: Run, settlement: Settlement): Promise<boolean>;
  /** When the sweeper should look again. */
  defer(run: Run, dueAt: string): Promise<void>;
  /** Live runs whose time to be looked at has come, oldest first. */
  due(now: string, limit: number): Promise<string[]>;
  /** Log rows behind `after`, oldest first. */
  log(id: string, after: string | undefined, limit: number): Promise<{ entries: LogEntry[]; more: boolean }>;
  list(filter: RunFilter, page: PageOf): Promise<Page<RunEntry>>;
}

/** Values of any size up to the limit. */
export interface Values {
  /** Small ones stay in the row, large ones are put away first. Throws `ValueTooLarge`. */
  store(runId: string, name: string, value: unknown): Promise<Stored>;
  read(value: Stored): Promise<unknown>;
}

/** How a walk ends. */
export type WalkEnd = 'succeeded' | 'failed' | 'timed_out' | 'aborted' | 'exhausted';

/** Step Functions executions. */
export interface Walks {
  /** Starts a walk once; a second call under the same name changes nothing. */
  start(machine: string, name: string, ref: RunRef): Promise<void>;
  stop(machine: string, name: string, cause: string): Promise<void>;
  /** Lets a task that waits for a token go on, or fail under a name. An answer that nobody waits for any more is of no matter. */
  answer(token: string, failure?: string): Promise<void>;
  /** How a walk stands; undefined when there has been none, `exhausted` when its history was full. */
  status(machine: string, name: string): Promise<'running' | WalkEnd | undefined>;
}

/** Checked definitions by their hash. */
export interface Definitions {
  planOf(workflowId: string, definition: string): Promise<Plan>;
}

/** A step row had ended before the write: what was found there stands. */
export class StepEnded extends Error {
  constructor(key: string) {
    super(`Step ${key} has ended before.`);
    this.name = 'StepEnded';
  }
}

/** Hears what happens to runs, for metrics and logs. */
export interface Watcher {
  runStarted(run: Run): void;
  runSettled(settled: { status: Ending }): void;
  stepEnded(row: StepRow): void;
  /** The run stands and the sweeper will start its walk. */
  startLost(run: Run, error: unknown): void;
}

/** What the engine works with. */
export interface Engine {
  runs: Runs;
  values: Values;
  walks: Walks;
  definitions: Definitions;
  watcher: Watcher;
  now: () => Date;
}
