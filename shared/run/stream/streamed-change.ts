import type { Entry } from '../model/entry.ts';
import type { Run } from '../model/run.ts';
import { isTerminal, type RunStatus } from '../model/status.ts';

export interface Streamed {
  /** Its place in the stream: the same whenever it is told again, and larger for what happened to the run later. */
  id: string;
  runId: string;
  /** When it was written, to the second. */
  at: Date;
}

/** Entries that were appended together; `number` is that of the first. */
export interface Appended extends Streamed {
  kind: 'appended';
  number: number;
  /** Whether some of its entries are notable. */
  isNotable: boolean;
  entries: readonly Entry[];
}

/** The row of a run is written: born without what was before. */
export interface RowChanged extends Streamed {
  kind: 'row_changed';
  workspace: string;
  statusBefore?: RunStatus;
  status: RunStatus;
  /** Whether the run is under a legal hold. */
  isHeld: boolean;
  before?: Run | undefined;
  after: Run;
}

/** The row of a run is gone: it has expired, or somebody has deleted it. */
export interface Deleted extends Streamed {
  kind: 'deleted';
  isExpired: boolean;
  before: Run;
}

/** What happened to a run, as followers of the table hear it: in the order of each run, at least once. */
export type StreamedChange = Appended | RowChanged | Deleted;

/**
 * Who follows what happens to runs. Answers the ids of changes that it could not deal with; throws when that is all of them. They are told again, with
 * what happened after them, so whoever counts or writes must recognize what it has heard before by its id.
 */
export interface RunFollower {
  name: string;
  follow(changes: readonly StreamedChange[]): Promise<readonly string[]>;
}

/** Whether the run has come to its end with this change. What is said of a run afterwards, such as a label, is no end. */
export const hasEnded = ({ statusBefore, status }: RowChanged): boolean =>
  isTerminal(status) && !(statusBefore && isTerminal(statusBefore));
