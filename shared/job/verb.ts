import type * as z from 'zod';
import type { Act } from '../kernel/act.ts';
import { Problem } from '../kernel/problem.ts';
import type { Role } from '../kernel/role.ts';
import type { Run } from '../run/model/run.ts';
import type { TestCase } from '../suite/test-case.ts';
import type { Job, Result } from './job.ts';
import type { JobServices } from './ports.ts';

/** What one run comes to. */
export type Verdict = Pick<Result, 'outcome' | 'reason' | 'runId' | 'testId'>;

/** What goes with a run that goes, and what stays that was made of it. */
export interface Loss {
  comments: number;
  values: number;
  valueBytes: number;
  tests: Pick<TestCase, 'id' | 'name' | 'workflowId' | 'runId'>[];
}

/** What a verb does with one run: the very thing that the route for a single run does. */
interface VerbOf<Params, Memory = undefined> {
  /** The least role that may ask for it. */
  role: Role;
  /** What it is in the audit log of each run. */
  word: Act;
  params: z.ZodType<Params>;
  /** What it keeps in mind while it decides on several runs. */
  remember?(services: JobServices): Memory;
  /** Why there is nothing to do, in words that many runs share. */
  exclusion(services: JobServices, run: Run, params: Params, memory: Memory): Promise<string | undefined> | string | undefined;
  /** Done once more it changes nothing. Throws a `Problem` for what it refuses. */
  act(services: JobServices, run: Run, params: Params, job: Job): Promise<Pick<Verdict, 'runId' | 'testId'> | undefined>;
  /** Whether the run is as the verb leaves it behind: somebody has been interrupted right after it. */
  isDone?(run: Run | undefined): boolean;
  /** What goes with the run. */
  loss?(services: JobServices, run: Run, memory: Memory): Promise<Loss>;
}

/** A verb that has been given its parameters. */
export interface Work {
  /** Why the run is left alone, if it is. `known`: the run, when it has just been read. */
  exclusion(id: string, known?: Run): Promise<string | undefined>;
  act(id: string): Promise<Verdict>;
  /** Of a verb after which runs are gone. */
  loss?: ((run: Run) => Promise<Loss>) | undefined;
}

export interface Verb {
  role: Role;
  word: Act;
  open(services: JobServices, job: Job): Work;
}

const GONE = 'It is gone.';

/** A verb whose parameters nobody else knows the shape of. */
export function verb<Params, Memory = undefined>(own: VerbOf<Params, Memory>): Verb {
  const { loss } = own;
  return {
    role: own.role,
    word: own.word,
    open(services, job) {
      const params = own.params.parse(job.params);
      const memory = own.remember?.(services) as Memory;
      const exclusionOf = async (run: Run | undefined) => (run ? own.exclusion(services, run, params, memory) : GONE);
      return {
        loss: loss && ((run) => loss(services, run, memory)),
        exclusion: async (id, known) => exclusionOf(known ?? (await services.runs.get(id))),
        async act(id) {
          const run = await services.runs.get(id);
          if (own.isDone?.(run)) return { outcome: 'done' };
          if (!run) return { outcome: 'skipped', reason: GONE };
          try {
            return { outcome: 'done', ...(await own.act(services, run, params, job)) };
          } catch (error) {
            if (!isRefusal(error)) throw error;
            return refused(error, await services.runs.get(id), { isDone: own.isDone, exclusionOf });
          }
        },
      };
    },
  };
}

/** What is busy will pass: that is a fault of ours, which somebody tries again. */
const isRefusal = (error: unknown): error is Problem =>
  error instanceof Problem && error.kind !== 'busy' && error.kind !== 'unavailable';

/** The run may have changed since it was decided on. */
async function refused(
  { message }: Problem,
  now: Run | undefined,
  {
    isDone,
    exclusionOf,
  }: { isDone: VerbOf<never>['isDone']; exclusionOf: (run: Run | undefined) => Promise<string | undefined> },
): Promise<Verdict> {
  if (isDone?.(now)) return { outcome: 'done' };
  const exclusion = await exclusionOf(now);
  return exclusion === undefined
    ? { outcome: 'failed', reason: message.slice(0, 1000) }
    : { outcome: 'skipped', reason: exclusion };
}
