import type { Page, PageOf } from '../kernel/page.ts';
import type { Definitions, Workflows } from '../workflow/workflows.ts';
import type { RunFilter } from './list/filter.ts';
import type { Entry, EntryOf } from './model/entry.ts';
import type { Projection, Run } from './model/run.ts';
import type { Stored } from './model/stored.ts';
import type { Task } from './model/task.ts';

/** The promise that the same request starts one run. */
export interface StartKey {
  workspace: string;
  /** SHA-256 over trigger, project and key. */
  hash: string;
  /** SHA-256 over the request, to tell a repetition from another request under the same key. */
  bodyHash: string;
}

/** What a new run that shares a limit is at first. */
export type Entered = 'running' | 'waiting';

/** What is written with the row of a new run. */
export interface Beginnings {
  /** When the row may go of a run that ends at its birth, in seconds since 1970. */
  keptUntil?: number | undefined;
  /** Of one that is not let in at once: the first entry of its journal, and when that may go. */
  queued?: { entry: EntryOf<'run_queued'>; keptUntil: number } | undefined;
  /** Of one that shares a limit with others. */
  enters?: Entered | undefined;
}

export interface ProjectedAt {
  /** When the sweeper should look at a live run; the time that stands there stays when it is undefined. */
  dueAt?: string | undefined;
  /** The time that `dueAt` takes the place of; whichever, when it is undefined. */
  dueWas?: string | undefined;
  /** When a row that has ended may go, in seconds since 1970. */
  keptUntil?: number | undefined;
}

/** What people change of a run: only what is named. A run that is archived already keeps who has archived it. */
export interface RunChange {
  name?: string | undefined;
  labels?: string[] | undefined;
  /** The change is for these labels alone. */
  labelsWere?: string[] | undefined;
  archived?: Run['archived'] | false;
  hold?: Run['hold'] | false;
  workflowHold?: Run['hold'] | false;
  /** When it goes once no hold is left, in seconds since 1970; undefined while it lives. */
  expires?: number | undefined;
}

/** At least so many runs; exactly so many when it is exact. */
export interface RunCount {
  count: number;
  exact: boolean;
}

/** Whoever asks for more than these hears that there are more. */
export const MOST_COUNTED = 10_000;

export interface Newest {
  items: Pick<Run, 'id' | 'status' | 'createdAt'>[];
  /** The time down to which was looked, when there is more. */
  searchedTo?: string;
}

/** A run with its journal from the last snapshot on. */
export interface Loaded {
  run: Run;
  /** The fold up to `run.snapshot.number`, as `RunState.snapshot` made it. */
  snapshot?: unknown;
  /** The entries behind the snapshot, or all. */
  entries: Entry[];
}

export interface Created {
  earlier?: { runId: string; bodyHash: string };
  full?: true;
}

/** Runs, their journals and the lists of them. */
export interface Runs {
  /**
   * Writes the row, once, and what comes with it. With a key that was used before it answers the run that was started under it. `full`: it was to be
   * running, there is no room for it, and nothing was written.
   */
  create(run: Run, key?: StartKey, beginnings?: Beginnings): Promise<Created>;
  /** The run that was started under that key. */
  startedUnder(key: StartKey): Promise<{ runId: string; bodyHash: string } | undefined>;
  /** The row as it stands now. */
  get(id: string): Promise<Run | undefined>;
  /** The row and the journal as they stand now, in one read where they are small. */
  load(id: string): Promise<Loaded | undefined>;
  /** Entries behind that number, oldest first, as they stand now. */
  entriesAfter(id: string, number: number, limit?: number): Promise<Entry[]>;
  /** The entries of these numbers. */
  entriesAt(id: string, numbers: number[]): Promise<Map<number, Entry>>;
  /**
   * Appends behind the entry of number `after`, in as many items as it takes; answers how many entries it could write: fewer than given when somebody
   * else has written meanwhile. `keptUntil`: when the rows may go, in seconds since 1970. `writer` tells whose they are: who tries again after a lost
   * answer finds them written, and somebody else who says the same at the same moment finds them taken.
   */
  append(id: string, after: number, entries: Entry[], keptUntil: number, writer: string): Promise<number>;
  /**
   * Writes what follows from the journal into the row. False when the row reflects more already, or when somebody has asked for a look sooner than
   * `dueAt` since the writer saw `dueWas`.
   */
  project(run: Run, next: Projection, at: ProjectedAt): Promise<boolean>;
  /** Live runs whose time to be looked at has come, oldest first, of one of the shards. */
  due(shard: number, now: string, limit: number): Promise<{ id: string; dueAt: string }[]>;
  /** Moves the time of the next look; false when somebody else has, or the run has ended. */
  takeDue(id: string, seen: string, dueAt: string): Promise<boolean>;
  /** Changes what people say of a run, whatever else happens to it meanwhile. False when it is gone, or its labels are not those of `labelsWere`. */
  change(run: Run, change: RunChange): Promise<boolean>;
  /** Lets the rows of a live run stay longer. */
  keep(id: string, until: number): Promise<void>;
  /** Removes the journal and the comments of a run that has ended, and its row last. False for one that lives, of which all stays. */
  remove(id: string): Promise<boolean>;
  list(filter: RunFilter, page: PageOf): Promise<Page<Run>>;
  /** How many runs fit, exact to `MOST_COUNTED`. */
  count(filter: RunFilter): Promise<RunCount>;
  /** The newest runs that fit among so many that are looked at. */
  newest(filter: RunFilter, most: number): Promise<Newest>;
}

/** A run that waits, and how many may go on as far as it is concerned. */
export interface Waiting {
  id: string;
  limit: number;
}

/** Who waits behind more hears that there are more: whoever comes counts them, and all that are counted are read. */
export const MOST_BEFORE = 100;

/** Who calls a run tells it so at once. When nobody has said after so long that it was told, others tell it. */
export const TOLD_WITHIN_MS = 10_000;

/** Which runs go on of those that share a limit, and which wait. A run enters with its row. */
export interface Places {
  /** Who goes on; `called`: those among them that were called a while ago, `TOLD_WITHIN_MS`, and may not know it yet. */
  look(place: string): Promise<{ running: string[]; called: string[] }>;
  /** Who waits, in the order of arrival. */
  waiting(place: string, limit: number): Promise<Waiting[]>;
  /** Lets a run go on that waits. False when there is no room, or it waits no more. */
  call(place: string, run: Waiting): Promise<boolean>;
  /** It knows that it was called. */
  heard(place: string, runId: string): Promise<void>;
  /** Makes room. `waited`: it may be waiting still. */
  leave(place: string, runId: string, was: { waited: boolean }): Promise<void>;
  /** How many wait that have come before it, exact to `MOST_BEFORE`. */
  before(place: string, runId: string): Promise<RunCount>;
}

/** In how many parts the live runs are kept, for the sweeper to look at side by side. */
export const LIVE_SHARDS = 16;

/** Values of any size up to the limit. */
export interface Values {
  /** Small ones stay where they are referred to, large ones are put away first. Throws `ValueTooLarge`. */
  store(runId: string, name: string, value: unknown): Promise<Stored>;
  read(value: Stored): Promise<unknown>;
  /** The same value for another run, kept for its own time. */
  copy(runId: string, name: string, value: Stored): Promise<Stored>;
  /** Puts a text away under a name of the run's. */
  put(runId: string, name: string, text: string): Promise<string>;
  text(ref: string): Promise<string>;
  /** How many values of a run are put away, and how large they are together. */
  measure(runId: string): Promise<{ count: number; bytes: number }>;
  /** Removes all values of a run. */
  remove(runId: string): Promise<void>;
}

export type ExecutionKind = 'express' | 'standard';

/** Step Functions executions of the two machines that drive runs. */
export interface Executions {
  /** Starts an execution under its name. With `waitMs` it may answer only when the execution has ended, or after that time. */
  start(kind: ExecutionKind, name: string, input: { run: string; execution: number }, waitMs?: number): Promise<void>;
}

/** Hears what goes wrong with runs, for metrics and logs. */
export interface Watcher {
  /** The run stands and the sweeper will start its execution. */
  startLost(run: Pick<Run, 'id'>, error: unknown): void;
  /** A place at a connection was not given back, or not passed on: it is free by itself a while later. */
  placeLost(run: Pick<Run, 'id'>, error: unknown): void;
  /** A driver found that its predecessor had died. */
  driverLost(runId: string): void;
}

/** What people are asked, as lists show it. */
export interface TaskRows {
  /** Writes what follows from the journal, unless the row reflects more already. */
  project(task: Task): Promise<void>;
}

/** What the engine works with. */
export interface EngineServices {
  runs: Runs;
  values: Values;
  tasks: TaskRows;
  places: Places;
  executions: Executions;
  definitions: Definitions;
  workflows: Pick<Workflows, 'maintenance'>;
  watcher: Watcher;
  /** For how many days a run is kept after its end. */
  retentionDays: number;
  now: () => Date;
  random: () => number;
}
