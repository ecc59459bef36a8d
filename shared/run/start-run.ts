import { createHash } from 'node:crypto';
import type { Files } from '../file/file.ts';
import { holdFiles } from '../file/given-files.ts';
import { newId } from '../id.ts';
import { notFound, Problem } from '../problem.ts';
import type { Workflows } from '../workflow/ports.ts';
import type { Workflow } from '../workflow/workflow.ts';
import { successor } from './event.ts';
import type { Engine, StartKey } from './ports.ts';
import { type Prepared, prepareRun, startable } from './prepare-run.ts';
import { type Run, refOf, walkName } from './run.ts';
import type { Stage, Trigger } from './status.ts';
import type { StepRow } from './step-row.ts';
import { ValueTooLarge } from './value.ts';

/** What every door asks for. */
export interface StartRequest {
  /** The id that it shall have. */
  id?: string | undefined;
  workspace: string;
  /** Set when the caller may see one project only, or names it. */
  project?: string | undefined;
  workflowId: string;
  stage: Stage;
  inputs: Record<string, unknown>;
  name?: string | undefined;
  reference?: string | undefined;
  fileIds: string[];
  trigger: Trigger;
  startedBy?: string | undefined;
  /** A published version to start instead of the newest. */
  version?: number | undefined;
  /** The very definition to follow, when it is not for the stage to say. */
  definition?: { definition: string; version: number | null } | undefined;
  /** The saved start defaults stand under what the caller gives. */
  useStartDefaults?: boolean | undefined;
  connectionOverrides?: Record<string, string> | undefined;
  /** The run it runs again, and the steps it takes over. A fresh one asks `runIf` again. */
  rerunOf?: { run: Run; rows: StepRow[]; fresh: boolean } | undefined;
  /** The run whose step starts it. */
  childOf?: { run: Run; stepKey: string } | undefined;
  /** The door's name and its idempotency key: the same key and request give the first run back. `asked` says what the same is, when this does not. */
  key?: RequestKey | undefined;
}

export interface RequestKey {
  door: string;
  value: string;
  asked?: unknown;
}

export interface Started {
  run: Run;
  /** The run had been started before by the same request. */
  replay: boolean;
}

export type Starter = Engine & { workflows: Workflows; files: Files };

/** How long a run may stay `pending` before the sweeper starts its walk. */
const START_GRACE_MS = 30_000;

/**
 * The one way in. Resolves the definition, checks the inputs, evaluates `runIf` and `reference`, writes the run and starts its first walk. When that
 * last call is lost the run stands all the same and the sweeper starts it.
 */
export async function startRun(services: Starter, request: StartRequest): Promise<Started> {
  const key = request.key && startKey(request, request.key);
  const run = await startable(services, request)
    .then((workflow) => newRun(services, workflow, request))
    .catch(async (error: unknown) => {
      // What could be started then may be turned off now: the first answer stands.
      const before = key && error instanceof Problem ? await services.runs.startedUnder(key) : undefined;
      if (before) return { before };
      throw error;
    });
  if ('before' in run) return { run: await replay(services, run.before, key), replay: true };

  if (request.rerunOf && request.rerunOf.rows.length > 0) await services.runs.adopt(run, request.rerunOf.rows);
  if (run.fileIds.length > 0) await holdFiles(services.files, run.fileIds, run.id, services.now());
  const { earlier } = await services.runs.create(run, key);
  if (earlier) return { run: await replay(services, earlier, key), replay: true };

  services.watcher.runStarted(run);
  if (run.status === 'pending') {
    await services.walks
      .start(run.machine, walkName(run), refOf(run))
      .catch((error: unknown) => services.watcher.startLost(run, error));
  }
  return { run, replay: false };
}

async function newRun(services: Starter, workflow: Workflow, request: StartRequest): Promise<Run> {
  const now = services.now();
  const id = request.id ?? newId(now.getTime());
  const createdAt = now.toISOString();
  const prepared = await prepareRun(services, workflow, request, { id, trigger: request.trigger, startedAt: createdAt });
  const { connectionOverrides, reference, name } = prepared;
  return {
    id,
    workspace: workflow.workspace,
    project: workflow.project,
    workflowId: workflow.id,
    workflowName: workflow.name,
    name,
    ...(reference !== undefined && { reference }),
    stage: request.stage,
    version: prepared.version,
    trigger: request.trigger,
    archived: false,
    createdAt,
    definition: prepared.hash,
    machine: prepared.machine,
    inputs: await services.values.store(id, 'inputs', prepared.inputs).catch(tooLarge),
    fileIds: request.fileIds,
    ...(request.startedBy !== undefined && { startedBy: request.startedBy }),
    ...(connectionOverrides && { connectionOverrides }),
    walk: 1,
    deadline: new Date(now.getTime() + prepared.timeoutSeconds * 1000).toISOString(),
    ...beginning(prepared, now, id),
    ...kinship(request),
  };
}

function tooLarge(error: unknown): never {
  throw error instanceof ValueTooLarge
    ? new Problem('too-large', error.message, [{ name: 'inputs', value: error.message }])
    : error;
}

function beginning({ wanted }: Prepared, now: Date, id: string) {
  if (wanted) return { status: 'pending' as const, dueAt: new Date(now.getTime() + START_GRACE_MS).toISOString() };
  return {
    status: 'skipped' as const,
    endedAt: now.toISOString(),
    endedId: successor(id),
    reason: "The workflow's runIf was false.",
  };
}

/** Where it comes from: the run it runs again, or the one that waits for it. */
function kinship({ rerunOf, childOf }: StartRequest): Partial<Run> {
  if (childOf)
    return { parent: childOf.run.id, parentStep: childOf.stepKey, depth: (childOf.run.depth ?? 0) + 1, ...chain(rerunOf?.run) };
  return rerunOf ? { parent: rerunOf.run.id, ...chain(rerunOf.run) } : {};
}

const chain = (origin: Run | undefined) => (origin ? { root: origin.root ?? origin.id, attempt: (origin.attempt ?? 1) + 1 } : {});

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

function startKey({ key: _, startedBy: __, id: ___, rerunOf, childOf, ...request }: StartRequest, key: RequestKey): StartKey {
  const asked = key.asked ?? { ...request, origin: rerunOf?.run.id, fresh: rerunOf?.fresh, parent: childOf?.run.id };
  return { workspace: request.workspace, hash: sha256(`${key.door}\n${key.value}`), bodyHash: sha256(JSON.stringify(asked)) };
}

/** The run that the same request has started under the same key. */
export async function startedBefore(services: Starter, request: StartRequest): Promise<Run | undefined> {
  const key = request.key && startKey(request, request.key);
  const before = key && (await services.runs.startedUnder(key));
  return before && replay(services, before, key);
}

async function replay(services: Starter, earlier: { runId: string; bodyHash: string }, key: StartKey | undefined): Promise<Run> {
  if (earlier.bodyHash !== key?.bodyHash) {
    throw new Problem('conflict', `This idempotency key was used for another request, which started run ${earlier.runId}.`, [
      { name: 'run_id', value: earlier.runId },
    ]);
  }
  const run = await services.runs.get(earlier.runId);
  if (!run) throw notFound('run', earlier.runId);
  return run;
}
