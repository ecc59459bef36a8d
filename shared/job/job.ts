import * as z from 'zod';
import { actor } from '../kernel/actor.ts';

/** What jobs are about. */
export const SUBJECTS = ['run', 'delivery', 'task'] as const;
export type Subject = (typeof SUBJECTS)[number];

export const RUN_VERBS = [
  'rerun',
  'stop',
  'pause',
  'resume',
  'archive',
  'unarchive',
  'label',
  'unlabel',
  'add_test',
  'delete',
] as const;
export type RunVerb = (typeof RUN_VERBS)[number];
export const VERBS = [...RUN_VERBS, 'redeliver', 'answer'] as const;
export type VerbName = (typeof VERBS)[number];

export function subjectOf(verb: VerbName): Subject {
  if (verb === 'redeliver') return 'delivery';
  return verb === 'answer' ? 'task' : 'run';
}

export const JOB_STATUSES = ['running', 'aborting', 'completed', 'aborted'] as const;

/** What came of one subject: it was done, there was nothing to do, or it was refused. */
export const OUTCOMES = ['done', 'skipped', 'failed'] as const;
export type Outcome = (typeof OUTCOMES)[number];

const counts = z.object({ done: z.int(), skipped: z.int(), failed: z.int() });

/** Subjects that are worked on at the moment, with what was decided of each: after a crash they are looked at no more, since some have been acted on. */
const batch = z.object({
  from: z.int(),
  /** How often they were taken up again. */
  tries: z.int(),
  subjects: z.array(z.object({ id: z.string(), skip: z.string().optional() })),
});
export type Batch = z.infer<typeof batch>;

/** One act on many things. What it is about was frozen when it was created. */
export const job = z.object({
  id: z.string(),
  workspace: z.string(),
  project: z.string().optional(),
  verb: z.enum(VERBS),
  /** As its verb understands them. */
  params: z.record(z.string(), z.unknown()),
  name: z.string().optional(),
  reason: z.string().optional(),
  /** Subjects a second, at the most. */
  rate: z.number().positive().optional(),
  actor,
  createdAt: z.string(),
  /** The filter that it was given, as it was written. */
  filter: z.record(z.string(), z.unknown()).optional(),
  retryOf: z.string().optional(),
  total: z.int(),
  status: z.enum(JOB_STATUSES),
  /** How many of its subjects are settled. */
  position: z.int(),
  counts,
  batch: batch.optional(),
  /** Its rate allows nothing before that. */
  notBefore: z.string().optional(),
  abort: z.object({ actor, at: z.string(), reason: z.string().optional() }).optional(),
  endedAt: z.string().optional(),
  /** Number of its newest execution. */
  execution: z.int(),
  /** When somebody should look after it, while it lives. */
  dueAt: z.string().optional(),
  /** Counts its changes, so that whoever has missed one cannot write. */
  version: z.int(),
});
export type Job = z.infer<typeof job>;

/** What came of one of its subjects, at its place in the selection. */
export const result = z.object({
  position: z.int(),
  id: z.string(),
  outcome: z.enum(OUTCOMES),
  reason: z.string().optional(),
  /** The run that was started. */
  runId: z.string().optional(),
  /** The test that was made. */
  testId: z.string().optional(),
  at: z.string(),
});
export type Result = z.infer<typeof result>;

/** What fits into one transaction with the job itself, and is done at once. */
export const BATCH = 25;

export type NextBatch =
  | { kind: 'end'; status: 'completed' | 'aborted' }
  | { kind: 'finish'; batch: Batch }
  | { kind: 'wait'; until: Date }
  | { kind: 'take'; from: number; count: number };

/** What a job does next. What was begun is finished, also when somebody has aborted it. */
export function nextBatch({ batch, abort, position, total, notBefore, rate = BATCH }: Job, now: Date): NextBatch {
  if (batch) return { kind: 'finish', batch };
  if (abort) return { kind: 'end', status: 'aborted' };
  if (position >= total) return { kind: 'end', status: 'completed' };
  if (notBefore !== undefined && Date.parse(notBefore) > now.getTime()) return { kind: 'wait', until: new Date(notBefore) };
  return { kind: 'take', from: position, count: Math.min(BATCH, Math.max(1, Math.floor(rate)), total - position) };
}

export const isEnded = ({ status }: Pick<Job, 'status'>) => status === 'completed' || status === 'aborted';

/** It says which subjects it works on before it does: the rate counts from then. */
export function taken(job: Job, from: number, subjects: Batch['subjects'], now: Date): Job {
  const notBefore = job.rate === undefined ? undefined : later(now, (1000 * subjects.length) / job.rate);
  return { ...job, batch: { from, tries: 0, subjects }, notBefore, dueAt: later(now, SILENCE_MS) };
}

export const takenUpAgain = (job: Job, batch: Batch, now: Date): Job => ({
  ...job,
  batch: { ...batch, tries: batch.tries + 1 },
  dueAt: later(now, SILENCE_MS),
});

export function settled({ batch: _, ...job }: Job, results: Result[]): Job {
  const more = (outcome: Outcome) => job.counts[outcome] + results.filter((one) => one.outcome === outcome).length;
  return {
    ...job,
    position: job.position + results.length,
    counts: { done: more('done'), skipped: more('skipped'), failed: more('failed') },
  };
}

export const ended = ({ dueAt: _, notBefore: __, ...job }: Job, status: 'completed' | 'aborted', now: Date): Job => ({
  ...job,
  status,
  endedAt: now.toISOString(),
});

/** A batch and the retries of whoever works on it take less. */
const SILENCE_MS = 10 * 60_000;
/** A first execution has begun by then. */
export const START_GRACE_MS = 30_000;

export const later = (now: Date, ms: number) => new Date(now.getTime() + ms).toISOString();
