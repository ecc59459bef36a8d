import * as z from 'zod';
import { acting, type Recorder } from '../kernel/acting.ts';
import { startJob } from './create-job.ts';
import { type Batch, ended, isEnded, type Job, nextBatch, type Result, settled, taken, takenUpAgain } from './job.ts';
import type { JobServices } from './ports.ts';
import type { Verdict, Work } from './verb.ts';
import { verbs } from './verbs.ts';

export const workMessage = z.object({ job: z.string(), execution: z.int(), turn: z.int() });
export type WorkMessage = z.infer<typeof workMessage>;

/** What its machine does next. */
export type WorkAnswer = WorkMessage & ({ next: 'done' | 'again' } | { next: 'sleep'; until: string });

/** An execution has 25,000 events, and a turn takes eight. */
const MOST_TURNS = 1_000;
/** What is not longer is waited for here. */
const SHORT_MS = 2_000;
/** After that a fault of ours is what came of it. */
const MOST_TRIES = 10;

/**
 * Works on a job until it has ended or the time is over. Each batch says first what it is about; its results are written with the job, all or nothing. Whoever
 * comes after a crash acts on it once more, which is safe: no verb does anything twice.
 */
export async function workJob(
  services: JobServices & { recorder?: Recorder | undefined },
  message: WorkMessage,
  until: Date,
): Promise<WorkAnswer> {
  while (services.now() < until) {
    const job = await services.jobs.get(message.job);
    if (!job || isEnded(job) || job.execution > message.execution) return { ...message, next: 'done' };
    if (message.turn >= MOST_TURNS) return handOver(services, job, message);
    const next = nextBatch(job, services.now());
    if (next.kind === 'wait') {
      const ms = next.until.getTime() - services.now().getTime();
      if (ms > SHORT_MS) return { ...message, turn: message.turn + 1, next: 'sleep', until: next.until.toISOString() };
      await services.sleep(Math.max(0, ms));
    } else if (next.kind === 'end') await services.jobs.replace(ended(job, next.status, services.now()));
    else await batchOf(services, job, next);
  }
  return { ...message, turn: message.turn + 1, next: 'again' };
}

/** An execution is followed by the next one before its history is full. */
async function handOver(services: JobServices, job: Job, message: WorkMessage): Promise<WorkAnswer> {
  const next = { ...job, execution: job.execution + 1 };
  if (await services.jobs.replace(next)) await startJob(services, next);
  return { ...message, next: 'done' };
}

async function batchOf(
  services: JobServices & { recorder?: Recorder | undefined },
  job: Job,
  next: { kind: 'take'; from: number; count: number } | { kind: 'finish'; batch: Batch },
): Promise<void> {
  const work = verbs[job.verb].open(services, job);
  const begun =
    next.kind === 'finish'
      ? takenUpAgain(job, next.batch, services.now())
      : taken(job, next.from, await decided(services, job, work, next), services.now());
  // Somebody else has changed it meanwhile, or works on it.
  if (!begun.batch || !(await services.jobs.replace(begun))) return;
  const results = await resultsOf(services, begun, begun.batch, work);
  await settle(services, begun, results);
}

/** It may have been aborted meanwhile: what was done was done. */
async function settle({ jobs }: JobServices, begun: Job, results: Result[]): Promise<void> {
  const from = begun.batch?.from;
  let job: Job | undefined = { ...begun, version: begun.version + 1 };
  while (job && job.batch?.from === from) {
    if (await jobs.settle(settled(job, results), results)) return;
    job = await jobs.get(begun.id);
  }
}

async function decided({ jobs }: JobServices, { id }: Job, work: Work, { from, count }: { from: number; count: number }) {
  const ids = await jobs.subjects(id, from, count);
  return Promise.all(
    ids.map(async (subject) => {
      const skip = await work.exclusion(subject);
      return skip === undefined ? { id: subject } : { id: subject, skip };
    }),
  );
}

function resultsOf(
  { now, recorder }: Pick<JobServices, 'now'> & { recorder?: Recorder | undefined },
  job: Job,
  { from, tries, subjects }: Batch,
  work: Work,
): Promise<Result[]> {
  const { actor, workspace, reason, verb } = job;
  const act = verbs[verb].word;
  return Promise.all(
    subjects.map(async ({ id, skip }, place): Promise<Result> => {
      const verdict: Verdict =
        skip === undefined
          ? await acting({ act, actor, workspace, reason }, recorder, () => work.act(id)).catch((error: unknown) =>
              givenUp(error, tries),
            )
          : { outcome: 'skipped', reason: skip };
      return { position: from + place, id, ...verdict, at: now().toISOString() };
    }),
  );
}

/** The machine tries again for as long as it is worth it: one of them must not hold up the others for ever. */
function givenUp(error: unknown, tries: number): Verdict {
  if (tries < MOST_TRIES) throw error;
  return { outcome: 'failed', reason: 'Something went wrong on our side, again and again.' };
}
