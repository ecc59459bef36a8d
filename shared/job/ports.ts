import type { Page, PageOf } from '../kernel/page.ts';
import type { Comments } from '../run/comment/comment.ts';
import type { StartServices } from '../run/start/start-request.ts';
import type { Tests } from '../suite/test-case.ts';
import type { Tasks } from '../task/task.ts';
import type { RedeliveryServices } from '../trigger/delivery/redeliver.ts';
import type { Job, Outcome, Result } from './job.ts';

/** The promise that the same request makes one job. */
export interface JobKey {
  workspace: string;
  hash: string;
  bodyHash: string;
}

export interface Jobs {
  /** Writes the selection and then the job. With a key that was used before it answers the job that was made under it. */
  create(job: Job, ids: string[], key?: JobKey): Promise<{ earlier?: { jobId: string; bodyHash: string } }>;
  createdUnder(key: JobKey): Promise<{ jobId: string; bodyHash: string } | undefined>;
  get(id: string): Promise<Job | undefined>;
  list(filter: { workspace: string; project?: string | undefined }, page: PageOf): Promise<Page<Job>>;
  /** Ids of subjects, by their places in the selection. */
  subjects(id: string, from: number, count: number): Promise<string[]>;
  /** Writes a job as it is next; false when it has changed since it was read. `seen`: what it was, where that is an act of somebody. */
  replace(next: Job, seen?: Job): Promise<boolean>;
  /** The same, with results, all or nothing. */
  settle(next: Job, results: Result[]): Promise<boolean>;
  /** Results by what came of them, and by their places. */
  results(id: string, outcome: Outcome | undefined, page: PageOf): Promise<Page<Result>>;
  /** Jobs that somebody should look after, oldest first. */
  due(now: string, limit: number): Promise<string[]>;
}

/** Executions of the machine that drives jobs, each known by job and number. */
export interface JobExecutions {
  start(job: Pick<Job, 'id' | 'execution'>): Promise<void>;
}

/** What looks after jobs. */
export interface JobSweepServices {
  jobs: Jobs;
  jobExecutions: JobExecutions;
  /** Hears of an execution that could not be started: the sweeper starts another one. */
  startLost: (job: Pick<Job, 'id'>, error: unknown) => void;
  now: () => Date;
  /** Resolves after so many milliseconds. */
  sleep: (ms: number) => Promise<unknown>;
}

/** What jobs work with. */
export interface JobServices extends JobSweepServices, RedeliveryServices, Omit<StartServices, 'now' | 'tasks'> {
  tasks: Tasks;
  tests: Tests;
  comments: Pick<Comments, 'count'>;
  /** How many a filter may select. */
  mostSelected: number;
}
