import { createHash } from 'node:crypto';
import type { Actor } from '../kernel/actor.ts';
import { canonicalJson } from '../kernel/canonical-json.ts';
import { newId } from '../kernel/id.ts';
import { notFound, Problem } from '../kernel/problem.ts';
import { refuseLargeText } from '../kernel/row-text.ts';
import { isEnded, type Job, later, START_GRACE_MS, type VerbName } from './job.ts';
import type { JobKey, JobServices, JobSweepServices } from './ports.ts';

/** A job before its selection is frozen. */
export interface JobRequest {
  workspace: string;
  project?: string | undefined;
  verb: VerbName;
  params: Record<string, unknown>;
  name?: string | undefined;
  reason?: string | undefined;
  rate?: number | undefined;
  actor: Actor;
  filter?: Record<string, unknown> | undefined;
  retryOf?: string | undefined;
  /** An idempotency key: the same key and request give the first job back. */
  key?: string | undefined;
}

export interface Created {
  job: Job;
  isRepeat: boolean;
}

/** They stand in its row, which is written with each batch. */
const PARAMS_LIMIT_BYTES = 128 * 1024;

/** Freezes what the job is about, writes it and starts its first execution. `select` is not asked when the same request has made a job before. */
export async function createJob(
  services: JobServices,
  request: JobRequest,
  asked: unknown,
  select: () => Promise<string[]>,
): Promise<Created> {
  refuseLargeText('params', request.params, PARAMS_LIMIT_BYTES);
  const key = keyOf(request, asked);
  const before = key && (await services.jobs.createdUnder(key));
  if (before) return { job: await firstJob(services, before, key), isRepeat: true };
  const ids = [...new Set(await select())];
  const job = newJob(request, ids.length, services.now());
  const { earlier } = await services.jobs.create(job, ids, key);
  if (earlier) return { job: await firstJob(services, earlier, key), isRepeat: true };
  await startJob(services, job);
  return { job, isRepeat: false };
}

/** When the call is lost the job stands all the same, and the sweeper starts it. */
export async function startJob(
  { jobExecutions, startLost }: Pick<JobSweepServices, 'jobExecutions' | 'startLost'>,
  job: Job,
): Promise<void> {
  await jobExecutions.start(job).catch((error: unknown) => startLost(job, error));
}

function newJob({ key: _, ...request }: JobRequest, total: number, now: Date): Job {
  return {
    ...request,
    id: newId(now.getTime()),
    createdAt: now.toISOString(),
    total,
    status: 'running',
    position: 0,
    counts: { done: 0, skipped: 0, failed: 0 },
    execution: 1,
    dueAt: later(now, START_GRACE_MS),
    version: 1,
  };
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

const keyOf = ({ workspace, project = '', key }: JobRequest, asked: unknown): JobKey | undefined =>
  key === undefined ? undefined : { workspace, hash: sha256(`${project}\n${key}`), bodyHash: sha256(canonicalJson(asked)) };

async function firstJob(
  { jobs }: JobServices,
  earlier: { jobId: string; bodyHash: string },
  key: JobKey | undefined,
): Promise<Job> {
  if (earlier.bodyHash !== key?.bodyHash)
    throw new Problem('conflict', `This idempotency key was used for another request, which made job ${earlier.jobId}.`, [
      { name: 'job_id', value: earlier.jobId },
    ]);
  const job = await jobs.get(earlier.jobId);
  if (!job) throw notFound('job', earlier.jobId);
  return job;
}

/** A job of what another one has failed at, once: whoever asks again gets the same. */
export async function retryJob(services: JobServices, job: Job, actor: Actor, reason?: string): Promise<Created> {
  if (!isEnded(job)) throw new Problem('conflict', `Job ${job.id} has not ended: it is ${job.status}.`, statusOf(job));
  if (job.counts.failed === 0) throw new Problem('conflict', `Job ${job.id} has failed at nothing.`, statusOf(job));
  const { workspace, project, verb, params, name, rate } = job;
  const request = { workspace, project, verb, params, name, rate, actor, reason, retryOf: job.id, key: `retry of job ${job.id}` };
  return createJob(services, request, 'retry', () => failedIn(services, job.id));
}

const RESULTS_AT_ONCE = 1_000;

async function failedIn({ jobs }: JobServices, id: string): Promise<string[]> {
  const ids: string[] = [];
  let token: string | undefined;
  do {
    const page = await jobs.results(id, 'failed', { limit: RESULTS_AT_ONCE, token });
    ids.push(...page.items.map(({ id: subject }) => subject));
    token = page.next;
  } while (token !== undefined);
  return ids;
}

/** What has begun is finished, nothing new is begun. To abort it again changes nothing. */
export async function abortJob(services: JobServices, seen: Job, actor: Actor, reason?: string): Promise<Job> {
  for (let job: Job | undefined = seen; job; job = await services.jobs.get(seen.id)) {
    if (job.status === 'completed') throw new Problem('conflict', `Job ${job.id} has ended: it is completed.`, statusOf(job));
    if (job.abort) return job;
    const abort = { actor, at: services.now().toISOString(), ...(reason !== undefined && { reason }) };
    const next: Job = { ...job, status: 'aborting', abort, notBefore: undefined };
    if (await services.jobs.replace(next, job)) return { ...next, version: next.version + 1 };
  }
  throw notFound('job', seen.id);
}

const statusOf = ({ status }: Job) => [{ name: 'status', value: status }];
