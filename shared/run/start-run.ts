import { createHash } from 'node:crypto';
import { ulid } from 'ulid';
import * as z from 'zod';
import { notFound, Problem } from '../problem.ts';
import type { Template } from '../step/kind.ts';
import { StepError } from '../step/step-error.ts';
import { conditionOf } from '../workflow/condition.ts';
import { secondsOf } from '../workflow/duration.ts';
import { evaluateTemplate } from '../workflow/expression.ts';
import { checkInputs } from '../workflow/input.ts';
import { DEFAULT_RUN_SECONDS, MAX_RUN_SECONDS } from '../workflow/limits.ts';
import type { Plan } from '../workflow/plan.ts';
import type { Workflows } from '../workflow/ports.ts';
import type { Workflow } from '../workflow/workflow.ts';
import { successor } from './event.ts';
import type { Engine, StartKey } from './ports.ts';
import { type Run, refOf, walkName } from './run.ts';
import type { Stage, Trigger } from './status.ts';
import { ValueTooLarge } from './value.ts';

/** What every door asks for. */
export interface StartRequest {
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
  /** The door's name and its idempotency key: the same key and request give the first run back. */
  key?: { door: string; value: string } | undefined;
}

export interface Started {
  run: Run;
  /** The run had been started before by the same request. */
  replay: boolean;
}

export type Starter = Engine & { workflows: Workflows };

/** How long a run may stay `pending` before the sweeper starts its walk. */
export const START_GRACE_MS = 30_000;

/**
 * The one way in. Resolves the definition, checks the inputs, evaluates `runIf` and `reference`, writes the run and starts its first walk. When that
 * last call is lost the run stands all the same and the sweeper starts it.
 */
export async function startRun(services: Starter, request: StartRequest): Promise<Started> {
  const key = request.key && startKey(request, request.key);
  const run = await startable(services.workflows, request)
    .then((workflow) => newRun(services, workflow, request))
    .catch(async (error: unknown) => {
      // What could be started then may be turned off now: the first answer stands.
      const before = key && error instanceof Problem ? await services.runs.startedUnder(key) : undefined;
      if (before) return { before };
      throw error;
    });
  if ('before' in run) return { run: await replay(services, run.before, key), replay: true };

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

async function startable(workflows: Workflows, { workspace, project, workflowId, stage }: StartRequest): Promise<Workflow> {
  const workflow = await workflows.get(workflowId);
  if (
    !workflow ||
    workflow.deletedAt ||
    workflow.workspace !== workspace ||
    (project !== undefined && workflow.project !== project)
  ) {
    throw notFound('workflow', workflowId);
  }
  if (stage === 'Published' && !workflow.published)
    throw new Problem('not-found', `Workflow "${workflow.name}" has no published version.`);
  if (stage === 'Published' && !workflow.enabled)
    throw new Problem('conflict', `Workflow "${workflow.name}" is turned off. Turn it on to start runs.`);
  return workflow;
}

async function newRun(services: Starter, workflow: Workflow, request: StartRequest): Promise<Run> {
  const published = request.stage === 'Published' ? workflow.published : undefined;
  const hash = published?.definition ?? workflow.draft.definition;
  const [plan, definition] = await Promise.all([
    services.definitions.planOf(workflow.id, hash),
    services.workflows.definition(workflow.id, hash),
  ]);
  if (!definition) throw notFound('definition', hash);

  const now = services.now();
  const id = ulid(now.getTime());
  const createdAt = now.toISOString();
  const name = request.name ?? workflow.title ?? workflow.name;
  const inputs = checked(plan, request);
  const says = asker(inputs, { id, name, trigger: request.trigger, startedAt: createdAt, reference: request.reference ?? null });

  const reference = request.reference ?? (await says.reference(plan));
  const wanted = await says.runIf(plan);
  const deadline = new Date(now.getTime() + (await says.timeoutSeconds(plan)) * 1000).toISOString();

  return {
    id,
    workspace: workflow.workspace,
    project: workflow.project,
    workflowId: workflow.id,
    workflowName: workflow.name,
    name,
    ...(reference !== undefined && { reference }),
    stage: request.stage,
    version: published?.version ?? null,
    status: wanted ? 'pending' : 'skipped',
    trigger: request.trigger,
    archived: false,
    createdAt,
    definition: hash,
    machine: definition.machine,
    inputs: await services.values.store(id, 'inputs', inputs).catch(tooLarge),
    fileIds: request.fileIds,
    ...(request.startedBy !== undefined && { startedBy: request.startedBy }),
    walk: 1,
    deadline,
    ...(wanted
      ? { dueAt: new Date(now.getTime() + START_GRACE_MS).toISOString() }
      : { endedAt: createdAt, endedId: successor(id), reason: "The workflow's runIf was false." }),
  };
}

function checked(plan: Plan, { inputs, fileIds }: StartRequest): Record<string, unknown> {
  const [unknownFile] = fileIds;
  if (unknownFile !== undefined) throw notFound('file', unknownFile);
  const { inputs: completed, problems } = checkInputs(plan.document, inputs);
  if (problems.length === 0) return inputObject.parse(completed);
  const [first] = problems;
  throw new Problem(
    'invalid',
    `The inputs do not fit the workflow: ${first?.path} ${first?.message}.`,
    problems.map(({ path, message }) => ({ name: `inputs${path}`, value: message })),
  );
}

function tooLarge(error: unknown): never {
  throw error instanceof ValueTooLarge
    ? new Problem('too-large', error.message, [{ name: 'inputs', value: error.message }])
    : error;
}

/** Evaluates what the document asks of the whole run, before there is one. */
function asker(input: Record<string, unknown>, run: Record<string, unknown>) {
  const ask = async (template: Template, field: string) => {
    try {
      const value = await evaluateTemplate(template, { input, run }, { step: null, field });
      return field === 'runIf' ? conditionOf(value, field) : value;
    } catch (error) {
      if (error instanceof StepError)
        throw new Problem('invalid', `${field} cannot be evaluated: ${error.message}`, [{ name: field, value: error.message }]);
      throw error;
    }
  };
  return {
    async reference({ document }: Plan): Promise<string | undefined> {
      const value = document.reference === undefined ? null : await ask(document.reference, 'reference');
      if (value === null || value === '') return undefined;
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      return text.slice(0, 200).toWellFormed();
    },
    async runIf({ document }: Plan): Promise<boolean> {
      return document.runIf === undefined || (await ask(document.runIf, 'runIf')) === true;
    },
    async timeoutSeconds({ document }: Plan): Promise<number> {
      if (document.timeout === undefined) return DEFAULT_RUN_SECONDS;
      const literal = secondsOf(document.timeout);
      const seconds = literal ?? Number(await ask(document.timeout, 'timeout'));
      if (seconds > 0 && seconds <= MAX_RUN_SECONDS) return seconds;
      throw new Problem(
        'invalid',
        `timeout gives ${seconds} seconds; it must be more than 0 and at most ${MAX_RUN_SECONDS} (365 days).`,
      );
    },
  };
}

const inputObject = z.record(z.string(), z.unknown());

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

function startKey({ key: _, startedBy: __, ...request }: StartRequest, key: { door: string; value: string }): StartKey {
  return { workspace: request.workspace, hash: sha256(`${key.door}\n${key.value}`), bodyHash: sha256(JSON.stringify(request)) };
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
