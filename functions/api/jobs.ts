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
import { dryRunView, type JobFilterBody, jobView, resultView, runDryRunView } from '../../shared/job/job.http.ts';
import { type Job, later, subjectOf, type VerbName } from '../../shared/job/job.ts';
import { jobs as jobsOperations } from '../../shared/job/operations.http.ts';
import type { JobServices } from '../../shared/job/ports.ts';
import { named, runsOf, selectedBy } from '../../shared/job/select.ts';
import type { Verb } from '../../shared/job/verb.ts';
import { answer as answerVerb } from '../../shared/job/verbs/answer.ts';
import { redelivery } from '../../shared/job/verbs/redeliver.ts';
import { runVerbs, verbs } from '../../shared/job/verbs.ts';
import { actorOf } from '../../shared/kernel/actor.ts';
import { Problem } from '../../shared/kernel/problem.ts';
import { allows, type Caller } from '../../shared/kernel/role.ts';
import { filterOf } from '../../shared/run/list/filter.http.ts';
import type { RunFilter } from '../../shared/run/list/filter.ts';
import { taskEntryView } from '../../shared/task/task.http.ts';
import { checkDecision, checkMayAnswer, mayAnswer, type TaskRow } from '../../shared/task/task.ts';
import { deliveryFilterOf, deliveryView } from '../../shared/trigger/delivery/delivery.http.ts';
import { workflowOf } from '../../shared/workflow/visible.http.ts';
import { jobServices, recorder } from '../adapters.ts';

type Body = RequestOf<'createJob'>['body'];

const DRY_RUN_WITHIN_MS = 22_000;

export async function createJob({ body, caller, idempotencyKey, reason }: RequestOf<'createJob'>, services: JobServices) {
  const { verb, run_ids, filter, params, name, rate, dry_run } = body;
  checkRole(caller, verb);
  const project = projectOf(caller, filter?.project_id);
  const request = { ...askedBy(caller, project), verb, params, name, reason, rate, filter, key: idempotencyKey };
  const select = () => selectedRuns(services, caller, { run_ids, filter });
  if (dry_run) return ok(runDryRunView(verb, await foreseen(services, request, runVerbs[verb], select())));
  return answer(await made(services, request, { verb, run_ids, filter, params, name, rate, reason }, select));
}

export async function redeliverDeliveries(
  { body, caller, idempotencyKey, reason }: RequestOf<'redeliverDeliveries'>,
  services: JobServices,
) {
  const { filter, name, rate, dry_run } = body;
  const project = projectOf(caller, filter.project_id);
  const request = {
    ...askedBy(caller, project),
    verb: 'redeliver' as const,
    params: {},
    name,
    reason,
    rate,
    filter,
    key: idempotencyKey,
  };
  const select = () => selectedDeliveries(services, caller, filter, project);
  if (dry_run) return ok(dryRunView('redeliver', await foreseen(services, request, redelivery, select()), deliveryView));
  return answer(await made(services, request, { verb: 'redeliver', filter, name, rate, reason }, select));
}

export async function answerTasks({ body, caller, idempotencyKey, reason }: RequestOf<'answerTasks'>, services: JobServices) {
  const { group, ids, name, rate, dry_run, ...given } = body;
  const filter = group === undefined ? undefined : { group };
  const request = {
    ...askedBy(caller, caller.project),
    verb: 'answer' as const,
    params: given,
    name,
    reason,
    rate,
    filter,
    key: idempotencyKey,
  };
  const select = () => selectedTasks(services, caller, { group, ids, decision: given.decision });
  if (dry_run) return ok(dryRunView('answer', await foreseen(services, request, answerVerb, select()), taskEntryView));
  return answer(await made(services, request, { verb: 'answer', group, ids, ...given, name, rate, reason }, select));
}

const askedBy = (caller: Caller, project: string | undefined) => ({
  workspace: caller.workspace,
  project,
  actor: actorOf(caller),
});

/** The job over what is selected, which is frozen with it. `asked`: what makes it the same request again. */
const made = (services: JobServices, request: JobRequest, asked: unknown, select: () => AsyncIterable<{ id: string }[]>) =>
  created(services, request, asked, async () => {
    const ids: string[] = [];
    for await (const page of select()) for (const { id } of page) ids.push(id);
    return ids;
  });

function checkRole(caller: Caller, verb: VerbName): void {
  const { role } = verbs[verb];
  if (!allows(caller.role, role))
    throw new Problem(
      'forbidden',
      `A job that would ${verb} ${subjectOf(verb)}s needs the role ${role}; "${caller.name}" has the role ${caller.role}.`,
    );
}

/** The runs that a request names, all of which the caller must see, or those that its filter selects. */
async function* selectedRuns(services: JobServices, caller: Caller, { run_ids, filter }: Pick<Body, 'run_ids' | 'filter'>) {
  if (filter !== undefined) yield* runsOf(services, await filterIn(services, caller, filter));
  if (run_ids !== undefined) yield await named('run', run_ids, (id) => seenBy(caller, services.runs.get(id)));
}

async function* selectedDeliveries(
  services: JobServices,
  caller: Caller,
  filter: RequestOf<'redeliverDeliveries'>['body']['filter'],
  project: string | undefined,
) {
  if (filter.workflow_id !== undefined)
    await workflowOf(services, caller, filter.workflow_id, { deleted: true, ...(project !== undefined && { project }) });
  const rejected = deliveryFilterOf({ ...filter, outcome: 'rejected' }, { workspace: caller.workspace, project });
  yield* selectedBy(services, 'deliveries', (page) => services.deliveries.list(rejected, page));
}

type Tasks = Pick<RequestOf<'answerTasks'>['body'], 'group' | 'ids' | 'decision'>;

/** Tasks that ask the caller: all that are named have to, of a group those that do. */
async function* selectedTasks(services: JobServices, caller: Caller, { group, ids, decision }: Tasks) {
  if (ids !== undefined) {
    const tasks = await named('task', ids, (id) => seenBy(caller, services.tasks.get(id)));
    for (const task of tasks) checkMayAnswer(task, caller);
    for (const task of tasks) checkDecision(task, decision);
    yield tasks;
  }
  if (group === undefined) return;
  const { workspace, project } = caller;
  const filter = { workspace, project, group, status: 'open' as const };
  let count = 0;
  let other: TaskRow | undefined;
  for await (const page of selectedBy(services, 'tasks', (at) => services.tasks.list(filter, at))) {
    const asked = page.filter((task) => mayAnswer(task, caller));
    for (const task of asked) checkDecision(task, decision);
    count += asked.length;
    other ??= page.find((task) => !mayAnswer(task, caller));
    yield asked;
  }
  if (count === 0 && other) checkMayAnswer(other, caller);
}

async function seenBy<T extends { workspace: string; project?: string | undefined }>(
  caller: Caller,
  reading: Promise<T | undefined>,
): Promise<T | undefined> {
  const found = await reading;
  return found && maySee(caller, found) ? found : undefined;
}

async function filterIn(services: JobServices, caller: Caller, body: JobFilterBody): Promise<RunFilter> {
  const { workflow_id, project_id, ...rest } = body;
  const project = projectOf(caller, project_id);
  const { workspace } = caller;
  if (workflow_id === undefined) return filterOf(rest, { workspace, project });
  const { id } = await workflowOf(services, caller, workflow_id, { deleted: true, ...(project !== undefined && { project }) });
  return filterOf(rest, { workspace, workflowId: id });
}

/** What the job would do, decided as it would decide. */
async function foreseen<Subject extends { id: string }>(
  services: JobServices,
  request: JobRequest,
  verb: Verb<Subject>,
  pages: AsyncIterable<Subject[]>,
) {
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
  return dryRun(verb.open(services, job), pages, () => services.now().toISOString() > until);
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
  const job = await jobOf(services, caller, params.job_id);
  const { outcome, limit, continuation_token: token } = query;
  return ok(pageView(await services.jobs.results(job.id, outcome, { limit, token }), (result) => resultView(job, result)));
}

export async function abortJob({ params, caller, reason }: RequestOf<'abortJob'>, services: JobServices) {
  return ok(jobView(await aborted(services, await jobOf(services, caller, params.job_id), actorOf(caller), reason)));
}

export async function retryJob({ params, caller, reason }: RequestOf<'retryJob'>, services: JobServices) {
  const job = await jobOf(services, caller, params.job_id);
  checkRole(caller, job.verb);
  if (job.verb === 'answer' && job.actor.id !== caller.id && !allows(caller.role, 'admin'))
    throw new Problem('forbidden', `Whoever has answered can try that again, or an admin: ${job.actor.name} has.`);
  return answer(await retried(services, job, actorOf(caller), reason));
}

async function jobOf({ jobs }: JobServices, caller: Caller, id: string): Promise<Job> {
  return visible(caller, 'job', id, await jobs.get(id));
}

export const handler = http(
  jobsOperations,
  { createJob, redeliverDeliveries, answerTasks, listJobs, getJob, listJobResults, abortJob, retryJob },
  jobServices,
  recorder,
);
