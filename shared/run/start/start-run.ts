import { createHash } from 'node:crypto';
import { holdFiles } from '../../file/given-files.ts';
import { askedNow } from '../../kernel/acting.ts';
import { isPerson } from '../../kernel/actor.ts';
import { canonicalJson } from '../../kernel/canonical-json.ts';
import { newId } from '../../kernel/id.ts';
import { notFound, Problem } from '../../kernel/problem.ts';
import { closedUntil } from '../../workflow/maintenance.ts';
import type { Plan } from '../../workflow/plan.ts';
import { retentionOf } from '../../workflow/retention.ts';
import type { Workflow } from '../../workflow/workflow.ts';
import { keptAfterEnd, queuedLookAt, START_GRACE_MS } from '../model/project.ts';
import { deadlineOf, type Run } from '../model/run.ts';
import { RunState } from '../model/state.ts';
import { ValueTooLarge } from '../model/value.ts';
import type { StartKey } from '../ports.ts';
import { checkBudgets } from './check-budgets.ts';
import { type Entered, enter } from './enter.ts';
import { executionKind } from './execution-kind.ts';
import { type Prepared, prepareRun, startable } from './prepare-run.ts';
import { startExecution } from './start-execution.ts';
import type { StartRequest, StartServices } from './start-request.ts';

export interface Started {
  run: Run;
  /** An idempotent hit: the run had been started before by the same request. */
  isRepeat: boolean;
}

/**
 * The one way in. Resolves the definition, checks the inputs, evaluates `runIf` and `reference`, writes the run and starts its first execution. When
 * that last call is lost the run stands all the same and the sweeper starts it.
 */
export async function startRun(services: StartServices, request: StartRequest): Promise<Started> {
  return writeRun(services, await checkStart(services, request));
}

/** A start that nothing stands against, and of which there is no run yet. */
export type CheckedStart = { key: StartKey | undefined; waitMs: number | undefined } & (
  | { run: Run; plan: Plan }
  | { before: { runId: string; bodyHash: string } }
);

/** The first half of a start: throws what the caller should hear. */
export async function checkStart(services: StartServices, request: StartRequest): Promise<CheckedStart> {
  const key = await startKey(services, request);
  const made = await startable(services, request)
    .then((workflow) => newRun(services, workflow, request))
    .catch(async (error: unknown) => {
      // What could be started then may be turned off now: the first answer stands.
      const before = key && error instanceof Problem ? await services.runs.startedUnder(key) : undefined;
      if (before) return { before };
      throw error;
    });
  return { ...made, key, waitMs: request.waitMs };
}

/** The second half. */
export async function writeRun(services: StartServices, checked: CheckedStart): Promise<Started> {
  const { key, waitMs } = checked;
  if ('before' in checked) return { run: await firstRun(services, checked.before, key), isRepeat: true };

  const { run, plan } = checked;
  if (run.fileIds.length > 0) await holdFiles(services.files, run.fileIds, run.id, services.now());
  const entered = await create(services, run, key);
  if ('earlier' in entered) return { run: await firstRun(services, entered.earlier, key), isRepeat: true };

  if (await mayBegin(services, entered.run)) await startExecution(services, entered.run, executionKind(plan), waitMs);
  return { run: entered.run, isRepeat: false };
}

/** Most runs share no limit, and are written at once. */
async function create(services: StartServices, run: Run, key: StartKey | undefined): Promise<Entered> {
  if (run.status === 'pending' && (run.queued || run.concurrency)) return enter(services, run, key);
  const { earlier } = await services.runs.create(run, key, { keptUntil: keptAfterEnd(run, services.retentionDays) });
  return earlier ? { earlier } : { run };
}

/** A run that waits has its driver let it in, where there may be room by now or the oldest are to make way. */
async function mayBegin({ places }: StartServices, { status, queued, concurrency }: Run): Promise<boolean> {
  if (!queued) return status === 'pending';
  if (queued.until !== undefined || !concurrency) return false;
  return concurrency.whenFull === 'cancelRunning' || (await places.look(concurrency.place)).running.length < concurrency.limit;
}

async function newRun(services: StartServices, workflow: Workflow, request: StartRequest): Promise<{ run: Run; plan: Plan }> {
  if (isOnItsOwn(request)) await checkBudgets(services, workflow);
  const now = services.now();
  const id = request.id ?? newId(now.getTime());
  const createdAt = now.toISOString();
  const prepared = await prepareRun(services, workflow, request, { id, trigger: request.trigger, startedAt: createdAt });
  const { connectionOverrides, reference, name, plan, timeoutSeconds } = prepared;
  const run: Run = {
    id,
    workspace: workflow.workspace,
    project: workflow.project,
    workflowId: workflow.id,
    workflowName: workflow.name,
    name,
    reference,
    stage: request.stage,
    version: prepared.version,
    trigger: request.trigger,
    labels: request.labels ?? [],
    createdAt,
    definition: prepared.hash,
    inputs: await services.values.store(id, 'inputs', prepared.inputs).catch(tooLarge),
    fileIds: request.fileIds,
    triggerId: request.triggerId,
    actor: request.actor,
    connectionOverrides,
    trace: request.trace,
    concurrency: sharesLimit(request, workflow) ? prepared.concurrency : undefined,
    test: request.test,
    timeoutSeconds,
    retention: retentionOf(await services.workflows.retention(workflow.workspace), workflow.retention),
    seen: 0,
    execution: 1,
    deadline: deadlineOf({ createdAt: now.toISOString(), timeoutSeconds }).toISOString(),
    workflowHold: workflow.hold,
    ...askedOf(request),
    ...beginning(prepared, now),
    ...(prepared.wanted && (await waitsFor(services, workflow, request, now))),
    ...lineageOf(request),
  };
  return { run, plan };
}

/** What one that goes on waits for is a part of it; tests cost nothing. */
const isOnItsOwn = ({ trigger, childOf }: StartRequest) => trigger !== 'test' && !childOf;

/** Runs wait for the end of a maintenance window; what one that goes on waits for itself does not, and no test. */
async function waitsFor(
  { workflows }: StartServices,
  { workspace }: Workflow,
  request: StartRequest,
  now: Date,
): Promise<Pick<Run, 'queued' | 'dueAt'>> {
  const until = !isOnItsOwn(request) ? undefined : closedUntil(await workflows.maintenance(workspace), now);
  if (until === undefined) return {};
  return { queued: { at: now.toISOString(), until }, dueAt: queuedLookAt(until, now) };
}

/** What a run waits for within its own workflow goes on as a part of it; a test stands in nobody's way. */
const sharesLimit = ({ trigger, childOf }: StartRequest, { id }: Workflow) =>
  trigger !== 'test' && childOf?.run.workflowId !== id;

function tooLarge(error: unknown): never {
  throw error instanceof ValueTooLarge
    ? new Problem('too-large', error.message, [{ name: 'inputs', value: error.message }])
    : error;
}

function askedOf({ actor }: StartRequest): Pick<Run, 'asked'> {
  const asked = isPerson(actor) ? askedNow() : {};
  return Object.keys(asked).length > 0 ? { asked } : {};
}

function beginning({ wanted, plan }: Prepared, now: Date) {
  const steps = new RunState(plan).countSteps();
  if (wanted) return { status: 'pending' as const, dueAt: new Date(now.getTime() + START_GRACE_MS).toISOString(), steps };
  return {
    status: 'skipped' as const,
    endedAt: now.toISOString(),
    reason: "The workflow's runIf was false.",
    steps: { ...steps, pending: 0, skipped: steps.total },
  };
}

/** Where it comes from: the run it runs again, or the one that waits for it. */
function lineageOf({ rerunOf, childOf }: StartRequest) {
  const rerun = rerunOf && rerunOf.from !== 'start' ? { origin: rerunOf.run.id, from: rerunOf.from } : undefined;
  const parent = childOf?.run.id ?? rerunOf?.run.id;
  return { parent, parentStep: childOf?.stepKey, depth: childOf ? childOf.run.depth + 1 : 0, rerun, ...chain(rerunOf?.run) };
}

const chain = (origin: Run | undefined) =>
  origin ? { root: origin.root ?? origin.id, attempt: origin.attempt + 1 } : { attempt: 1 };

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** The same request, whatever the order of its members, is the same; keys of one project are none of another's. */
async function startKey({ workflows }: StartServices, request: StartRequest): Promise<StartKey | undefined> {
  const { key, actor: _, id: __, waitMs: ___, trace: ____, rerunOf, childOf, ...rest } = request;
  if (!key) return undefined;
  const project = (await workflows.get(request.workflowId))?.project ?? request.project ?? '';
  const asked = key.asked ?? { ...rest, origin: rerunOf?.run.id, from: rerunOf?.from, parent: childOf?.run.id };
  return {
    workspace: request.workspace,
    hash: sha256(`${project}\n${key.trigger}\n${key.value}`),
    bodyHash: sha256(canonicalJson(asked)),
  };
}

/** The run that the same request has started under the same key. */
export async function startedBefore(services: StartServices, request: StartRequest): Promise<Run | undefined> {
  const key = await startKey(services, request);
  const before = key && (await services.runs.startedUnder(key));
  return before && firstRun(services, before, key);
}

async function firstRun(
  services: StartServices,
  earlier: { runId: string; bodyHash: string },
  key: StartKey | undefined,
): Promise<Run> {
  if (earlier.bodyHash !== key?.bodyHash) {
    throw new Problem('conflict', `This idempotency key was used for another request, which started run ${earlier.runId}.`, [
      { name: 'run_id', value: earlier.runId },
    ]);
  }
  const run = await services.runs.get(earlier.runId);
  if (!run) throw notFound('run', earlier.runId);
  return run;
}
