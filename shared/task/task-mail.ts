import type { TaskRow } from './task.ts';

/** How far the mails that ask about a task have come. */
export interface Mailing {
  /** Who has been told since they were due. */
  told: string[];
  /** How often in a row some could not be sent. */
  failures: number;
}

/** Who sees to mails: who hears that a task was opened, one call after the other, or who looks from time to time. */
export type Taker = 'opened' | 'tick';

/** A task whose mails somebody has taken on. */
export interface TakenTask {
  task: TaskRow;
  mailing: Mailing;
}

/** What is left to do about the mails of a task. */
export interface Settled {
  /** When they are due again; never when it is undefined. */
  dueAt?: string | undefined;
  mailing: Mailing;
  /** Why some could not be sent. */
  error?: string | undefined;
}

/** The mails that ask about tasks: due from the moment that a task is opened, and no more once it is closed. */
export interface TaskMails {
  /** Ids of tasks whose mails are due. */
  due(now: string, limit: number): Promise<string[]>;
  /**
   * The task, whose mails nobody else takes on until then; undefined when none are due. Whoever hears of a task again has died with it before, and takes it on
   * once more.
   */
  take(id: string, now: string, until: string, by: Taker): Promise<TakenTask | undefined>;
  /** Notes that one of those who are asked has been told. */
  told(id: string, address: string, now: string): Promise<void>;
  /** False when others are asked since, or the task is closed: `until` is what it was taken with. */
  settle(id: string, until: string, next: Settled): Promise<boolean>;
  /** Whether the mails of this group of failures are for the caller to send: nobody else has until then. */
  takeGroup(group: string, id: string, now: string, until: string): Promise<boolean>;
}

const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 3_600_000;
/** A day and a half. */
const MOST_FAILURES = 40;

/** When people are told again: at once who is left, later who was told already, never when nobody wants that. */
export function afterMails({ task, mailing }: TakenTask, error: string | undefined, now: Date): Settled {
  const failures = mailing.failures + 1;
  if (error !== undefined && failures < MOST_FAILURES) {
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** mailing.failures);
    return { dueAt: later(now, pauseMs), mailing: { ...mailing, failures }, error };
  }
  const { remindSeconds, expiresAt } = task;
  const dueAt = remindSeconds === undefined ? undefined : later(now, remindSeconds * 1000);
  if (dueAt === undefined || (expiresAt !== undefined && dueAt >= expiresAt))
    return { mailing: { ...mailing, failures: 0 }, error };
  return { dueAt, mailing: { told: [], failures: 0 }, error };
}

const later = (now: Date, ms: number) => new Date(now.getTime() + ms).toISOString();
