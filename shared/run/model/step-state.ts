import type { Failure, TaskKind } from './entry.ts';

export const STEP_STATUSES = ['pending', 'running', 'waiting', 'succeeded', 'failed', 'cancelled', 'skipped'] as const;
export type StepStatus = (typeof STEP_STATUSES)[number];

/** It may not call yet: why, since when, until when at the latest, and what it waits with. */
export interface QueuedStep {
  reason: string;
  at: string;
  until: string;
  ticket?: string | undefined;
  slot?: boolean | undefined;
}

/** A step of a run as far as it has come. Values are named by the number of the entry that carries them. */
export interface StepState {
  /** scope + id */
  key: string;
  id: string;
  scope: string;
  status: StepStatus;
  reason?: 'condition' | 'blocked' | undefined;
  /** Executions that failed. A step that is `pending` stands between two attempts. */
  failures: number;
  /** Tries of a group with `retry`; the scope of its steps names it. */
  tries?: number | undefined;
  startedAt?: string | undefined;
  endedAt?: string | undefined;
  /** Number of the entry that ended it. */
  endedNumber?: number | undefined;
  error?: Failure | undefined;
  /** Which of its handlers took the failure. */
  handler?: number | undefined;
  /** The case a switch took. */
  case?: string | undefined;
  /** Items of a loop; of a `repeat`, the rounds that have begun. */
  itemCount?: number | undefined;
  /** Rounds that the run had not to take itself, since a rerun took them over. */
  roundsBefore?: number | undefined;
  /** When the next attempt is due. */
  dueAt?: string | undefined;
  /** It waits for its turn at a connection. */
  queued?: QueuedStep | undefined;
  /** When a person has said of its failure that it is to be tried again. */
  retriedAt?: string | undefined;
  /** The instant a wait is over. */
  until?: string | undefined;
  /** The run that it started and waits for. */
  child?: string | undefined;
  childHalted?: boolean | undefined;
  /** Number of the entry that says how that run ended. */
  childEnded?: number | undefined;
  /** The run that it started in the run that is run again: it goes on from there. */
  resumes?: string | undefined;
  /** The run that executed it: this one only took over what had ended there. */
  reused?: string | undefined;
  /** Number of the entry that opened the task it waits for. */
  task?: number | undefined;
  asks?: TaskKind | undefined;
  /** Number of the entry that answers an approval, or says that it has expired. */
  answeredAt?: number | undefined;
  /** Number of the entry that gives it other input than the document. */
  givenAt?: number | undefined;
  inputAt?: number | undefined;
  outputAt?: number | undefined;
  itemsAt?: number | undefined;
}

const OVER: ReadonlySet<StepStatus> = new Set(['succeeded', 'failed', 'cancelled', 'skipped']);

/** Nothing changes such a step any more; a handler may still go on with its failure. */
export const isOver = ({ status }: Pick<StepState, 'status'>) => OVER.has(status);

/** Executions of a step, the one in flight included. */
export const attemptsOf = ({ failures, status, asks }: Pick<StepState, 'failures' | 'status' | 'asks'>) =>
  status === 'skipped' ? 0 : failures + (status === 'failed' || status === 'pending' || asks === 'exception' ? 0 : 1);
