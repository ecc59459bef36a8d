import { maySee, projectOf, visible } from '../../shared/access/tenancy.ts';
import type { RequestOf } from '../../shared/api/request-of.ts';
import { type Answer, accepted, ok } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import { pageView } from '../../shared/edge/schema.ts';
import {
  abortJob as aborted,
  type Created,
  createJob as created,
  type JobRequest,
  retryJob as retried,
} from '../../shared/job/create-job.ts';
import { dryRun } from '../../shared/job/dry-run.ts';
import { type JobFilterBody, jobDryRunView, jobView, resultView } from '../../shared/job/job.http.ts';
import { type Job, later, type VerbName } from '../../shared/job/job.ts';
import { jobs as jobsOperations } from '../../shared/job/operations.http.ts';
import type { JobServices } from '../../shared/job/ports.ts';
import { runsNamed, runsOf } from '../../shared/job/select.ts';
import { verbs } from '../../shared/job/verbs.ts';
import { actorOf } from '../../shared/kernel/actor.ts';
import { notFound, Problem } from '../../shared/kernel/problem.ts';
import { allows, type Caller } from '../../shared/kernel/role.ts';
import { filterOf } from '../../shared/run/list/filter.http.ts';
import type { RunFilter } from '../../shared/run/list/filter.ts';
import type { Run } from '../../shared/run/model/run.ts';
import { workflowOf } from '../../shared/workflow/visible.http.ts';
import { jobServices, recorder } from '../adapters.ts';

type Body = RequestOf<'createJob'>['body'];

const DRY_RUN_WITHIN_MS = 22_000;

export async function createJob({ body, caller, idempotencyKey, reason }: RequestOf<'createJob'>, services: JobServices) {
  const { verb, run_ids, filter, params, name, rate, dry_run } = body;
  checkRole(caller, verb);
  const project = projectOf(caller, filter?.project_id);
  const request: JobRequest = {
    workspace: caller.workspace,
    project,
    verb,
    params,
    name,
    reason,
    rate,
    actor: actorOf(caller),
    filter,
    key: idempotencyKey,
  };
  const select = () => selected(services, caller, { run_ids, filter });
  if (dry_run) return ok(jobDryRunView(verb, await foreseen(services, request, select())));
  const asked = { verb, run_ids, filter, params, name, rate, reason };
  return answer(
    await created(services, request, asked, async () => {
      const ids: string[] = [];
      for await (const runs of select()) for (const { id } of runs) ids.push(id);
      return ids;
    }),
  );
}

function checkRole(caller: Caller, verb: VerbName): void {
  const { role } = verbs[verb];
  if (!allows(caller.role, role))
    throw new Problem(
      'forbidden',
      `A job that would ${verb} runs needs the role ${role}; "${caller.name}" has the role ${caller.role}.`,
    );
}

/** The runs that a request names, all of which the caller must see, or those that its filter selects. */
async function* selected(services: JobServices, caller: Caller, { run_ids, filter }: Pick<Body, 'run_ids' | 'filter'>) {
  if (filter !== undefined) yield* runsOf(services, await filterIn(services, caller, filter));
  if (run_ids === undefined) return;
  const ids = [...new Set(run_ids)];
  const runs = await runsNamed(services, ids);
  const seen = runs.filter((run): run is Run => run !== undefined && maySee(caller, run));
  if (seen.length === ids.length) yield seen;
  else throw unknown(ids.filter((id) => !seen.some((run) => run.id === id)));
}

const unknown = (ids: string[]) =>
  ids.length === 1
    ? notFound('run', String(ids[0]))
    : new Problem(
        'not-found',
        `There are no runs ${ids.slice(0, 3).join(', ')}${ids.length > 3 ? ` and ${ids.length - 3} more` : ''}.`,
        ids.map((value) => ({ name: 'run', value })),
      );

async function filterIn(services: JobServices, caller: Caller, body: JobFilterBody): Promise<RunFilter> {
  const { workflow_id, project_id, ...rest } = body;
  const project = projectOf(caller, project_id);
  const { workspace } = caller;
  if (workflow_id === undefined) return filterOf(rest, { workspace, project });
  const { id } = await workflowOf(services, caller, workflow_id, { deleted: true, ...(project !== undefined && { project }) });
  return filterOf(rest, { workspace, workflowId: id });
}

/** What the job would do, decided as it would decide. */
async function foreseen(services: JobServices, request: JobRequest, pages: AsyncIterable<Run[]>) {
  const now = services.now();
  const none = {
    id: '',
    createdAt: now.toISOString(),
    total: 0,
    status: 'running',
    position: 0,
    execution: 0,
    version: 0,
  } as const;
  const job: Job = { ...request, ...none, counts: { done: 0, skipped: 0, failed: 0 } };
  const until = later(now, DRY_RUN_WITHIN_MS);
  return dryRun(verbs[request.verb].open(services, job), pages, () => services.now().toISOString() > until);
}

/** A repeated request gets the job of the first, and is told so. */
const answer = ({ job, isRepeat }: Created): Answer =>
  isRepeat ? { status: 200, body: jobView(job), headers: { 'idempotent-replay': 'true' } } : accepted(jobView(job));

export async function listJobs({ query, caller }: RequestOf<'listJobs'>, { jobs }: JobServices) {
  const filter = { workspace: caller.workspace, project: projectOf(caller, query.project_id) };
  return ok(pageView(await jobs.list(filter, { limit: query.limit, token: query.continuation_token }), jobView));
}

export async function getJob({ params, caller }: RequestOf<'getJob'>, services: JobServices) {
  return ok(jobView(await jobOf(services, caller, params.job_id)));
}

export async function listJobResults({ params, query, caller }: RequestOf<'listJobResults'>, services: JobServices) {
  const { id } = await jobOf(services, caller, params.job_id);
  const { outcome, limit, continuation_token: token } = query;
  return ok(pageView(await services.jobs.results(id, outcome, { limit, token }), resultView));
}

export async function abortJob({ params, caller, reason }: RequestOf<'abortJob'>, services: JobServices) {
  return ok(jobView(await aborted(services, await jobOf(services, caller, params.job_id), actorOf(caller), reason)));
}

export async function retryJob({ params, caller, reason }: RequestOf<'retryJob'>, services: JobServices) {
  const job = await jobOf(services, caller, params.job_id);
  checkRole(caller, job.verb);
  return answer(await retried(services, job, actorOf(caller), reason));
}

async function jobOf({ jobs }: JobServices, caller: Caller, id: string): Promise<Job> {
  return visible(caller, 'job', id, await jobs.get(id));
}

export const handler = http(
  jobsOperations,
  { createJob, listJobs, getJob, listJobResults, abortJob, retryJob },
  jobServices,
  recorder,
);
