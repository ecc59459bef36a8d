import type { Contribution, Counts } from './contribution.ts';
import type { CounterName } from './counter-rows.ts';

/** A run's contribution, and how long it is remembered that it has been counted, in seconds since 1970. */
export interface Countable {
  contribution: Contribution;
  keptUntil: number;
}

/** What rows are read: those of some kind, of hours from the one to the other, both included. */
export interface CounterQuery {
  workspace: string;
  of: CounterName['of'];
  project?: string | undefined;
  /** With the project it is in. */
  workflowId?: string | undefined;
  /** `YYYY-MM-DDTHH`, UTC. */
  from: string;
  to: string;
}

/** What is known of a kind of failure within an hour, beside how often it was. */
export interface Seen {
  first?: string | undefined;
  last?: string | undefined;
  runId?: string | undefined;
  step?: string | undefined;
  name?: string | undefined;
  message?: string | undefined;
}

export interface ReadRow {
  name: CounterName;
  counts: Counts;
  seen?: Seen | undefined;
}

export interface ReadRows {
  rows: ReadRow[];
  /** The hour down to which was read, when there was too much to read all. */
  searchedTo?: string | undefined;
}

/** Counters, and which runs are in them. */
export interface Counters {
  /** Counts those that are not counted yet, each once, whoever else does so at the same time. Answers how many that were. */
  count(runs: Countable[]): Promise<number>;
  /** Counts those that are not counted yet, and corrects what others have been counted as. */
  correct(runs: Countable[]): Promise<{ counted: number; corrected: number }>;
  /** Rows of a query, newest day first. The same name comes several times: whoever asks sums. */
  read(query: CounterQuery): Promise<ReadRows>;
}
