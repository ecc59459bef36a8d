import type * as z from 'zod';
import type { Act } from '../kernel/act.ts';
import { Problem } from '../kernel/problem.ts';
import type { Role } from '../kernel/role.ts';
import type { Run } from '../run/model/run.ts';
import type { TestCase } from '../suite/test-case.ts';
import type { Job, Result } from './job.ts';
import type { JobServices } from './ports.ts';

/** What one subject comes to. */
export type Verdict = Pick<Result, 'outcome' | 'reason' | 'runId' | 'testId'>;

/** What came of it: the run that was started, the test that was made, if one was. */
type Done = Pick<Result, 'runId' | 'testId'>;

/** What goes with a run that goes, and what stays that was made of it. */
export interface Loss {
  comments: number;
  values: number;
  valueBytes: number;
  tests: Pick<TestCase, 'id' | 'name' | 'workflowId' | 'runId'>[];
}

/** What a verb does with one subject: the very thing that the route for a single one does. */
interface VerbOf<Params, Subject, Memory = undefined> {
  /** The least role that may ask for it. */
  role: Role;
  /** What it is in the audit log of each. */
  word: Act;
  params: z.ZodType<Params>;
  find(services: JobServices, id: string): Promise<Subject | undefined>;
  /** What it keeps in mind while it decides on several. */
  remember?(services: JobServices): Memory;
  /** Why there is nothing to do, in words that many share. */
  exclusion(
    services: JobServices,
    subject: Subject,
    params: Params,
    memory: Memory,
  ): Promise<string | undefined> | string | undefined;
  /** Done once more it changes nothing. Throws a `Problem` for what it refuses. */
  act(services: JobServices, subject: Subject, params: Params, job: Job): Promise<Done | undefined>;
  /** What came of it, when it is as the verb leaves it behind: somebody has been interrupted right after it. */
  done?(subject: Subject | undefined, params: Params, job: Job): Done | undefined;
  /** What goes with it. */
  loss?(services: JobServices, subject: Subject, memory: Memory): Promise<Loss>;
}

/** A verb that has been given its parameters. */
export interface Work<Subject = unknown> {
  /** Why it is left alone, if it is. `known`: the subject, when it has just been read. */
  exclusion(id: string, known?: Subject): Promise<string | undefined>;
  act(id: string): Promise<Verdict>;
  /** Of a verb after which they are gone. */
  loss?(subject: Subject): Promise<Loss>;
}

export interface Verb<Subject = unknown> {
  role: Role;
  word: Act;
  open(services: JobServices, job: Job): Work<Subject>;
}

const GONE = 'It is gone.';

/** A verb whose parameters nobody else knows the shape of. */
export function verb<Params, Subject, Memory = undefined>(own: VerbOf<Params, Subject, Memory>): Verb<Subject> {
  const { loss } = own;
  return {
    role: own.role,
    word: own.word,
    open(services, job) {
      const params = own.params.parse(job.params);
      const doneIn = (subject: Subject | undefined) => own.done?.(subject, params, job);
      const memory = own.remember?.(services) as Memory;
      const exclusionOf = async (subject: Subject | undefined) =>
        subject ? own.exclusion(services, subject, params, memory) : GONE;
      return {
        ...(loss && { loss: (subject: Subject) => loss(services, subject, memory) }),
        exclusion: async (id, known) => exclusionOf(known ?? (await own.find(services, id))),
        async act(id) {
          const subject = await own.find(services, id);
          const before = doneIn(subject);
          if (before) return { outcome: 'done', ...before };
          if (!subject) return { outcome: 'skipped', reason: GONE };
          try {
            return { outcome: 'done', ...(await own.act(services, subject, params, job)) };
          } catch (error) {
            if (!isRefusal(error)) throw error;
            return refused(error, await own.find(services, id), { doneIn, exclusionOf });
          }
        },
      };
    },
  };
}

/** A verb that is about runs. */
export const runVerb = <Params, Memory = undefined>(own: Omit<VerbOf<Params, Run, Memory>, 'find'>): Verb<Run> =>
  verb({ ...own, find: ({ runs }, id) => runs.get(id) });

/** What is busy will pass: that is a fault of ours, which somebody tries again. */
const isRefusal = (error: unknown): error is Problem =>
  error instanceof Problem && error.kind !== 'busy' && error.kind !== 'unavailable';

interface Looks<Subject> {
  doneIn(subject: Subject | undefined): Done | undefined;
  exclusionOf(subject: Subject | undefined): Promise<string | undefined>;
}

/** It may have changed since it was decided on. */
async function refused<Subject>(
  { message }: Problem,
  now: Subject | undefined,
  { doneIn, exclusionOf }: Looks<Subject>,
): Promise<Verdict> {
  const done = doneIn(now);
  if (done) return { outcome: 'done', ...done };
  const exclusion = await exclusionOf(now);
  return exclusion === undefined
    ? { outcome: 'failed', reason: message.slice(0, 1000) }
    : { outcome: 'skipped', reason: exclusion };
}
