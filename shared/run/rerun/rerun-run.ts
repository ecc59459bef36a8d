import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import type { Actor } from '../../kernel/actor.ts';
import { notFound, Problem } from '../../kernel/problem.ts';
import type { Trace } from '../../kernel/trace.ts';
import { checkInputs } from '../../workflow/check-inputs.ts';
import type { Document } from '../../workflow/document.ts';
import type { Plan } from '../../workflow/plan.ts';
import type { Run } from '../model/run.ts';
import { isTerminal, RUN_STATUS } from '../model/status.ts';
import { loadState } from '../read/load-state.ts';
import type { StartServices } from '../start/start-request.ts';
import { type Started, startedBefore, startRun } from '../start/start-run.ts';
import { planRerun, type RerunOf, type RerunPlan } from './plan-rerun.ts';

export interface RerunRequest {
  /** `start`, `failed`, or a step id. */
  from: string;
  inputs: 'same' | Record<string, unknown>;
  version: 'original' | 'latest' | number;
  /** Steps that say `repeatable: false` may be executed once more. */
  confirmRepeat: boolean;
  /** Differences between the definitions and the inputs have been seen. */
  acceptChanges: boolean;
  actor: Actor;
  /** The trace that the caller is in. */
  trace?: Trace | undefined;
  key?: string | undefined;
}

export interface Rerun extends Started {
  warnings: string[];
}

const inputObject = z.record(z.string(), z.unknown());

/**
 * Runs a run that has ended once more, as a new run: from its start, from where it failed, or from a step; with the same inputs or others; on its own
 * definition, the latest or another. What had ended before that point is taken over, not executed.
 */
export async function rerunRun(services: StartServices, origin: Run, request: RerunRequest): Promise<Rerun> {
  checkEnded(origin);
  const key = request.key === undefined ? undefined : requestKey(origin, request, request.key);
  const earlier = key && (await startedBefore(services, { ...basics(origin), actor: request.actor, key }));
  if (earlier) return { run: earlier, isRepeat: true, warnings: warningsOf(origin, request) };

  const { target, inputs } = await checkRerun(services, origin, request);
  const started = await startRun(services, {
    ...basics(origin),
    stage: target.version === null ? origin.stage : 'Published',
    definition: target,
    inputs,
    reference: request.inputs === 'same' ? origin.reference : undefined,
    actor: request.actor,
    trace: request.trace,
    rerunOf: { run: origin, from: request.from },
    key,
  });
  return { ...started, warnings: warningsOf(origin, request) };
}

/** What of a rerun says whether it may be. */
export type RerunChoice = Omit<RerunRequest, 'actor' | 'key'>;

/** Throws why the run cannot be run again like that; starts nothing. */
export async function checkRerun(services: StartServices, origin: Run, request: RerunChoice) {
  checkEnded(origin);
  const before = inputObject.parse(await services.values.read(origin.inputs));
  const target = await targetOf(services, origin, request.version);
  const { document } = await services.definitions.planOf(origin.workflowId, target.definition);
  const inputs = request.inputs === 'same' ? before : request.inputs;
  const changed = request.inputs === 'same' ? [] : changedNames(before, await completed(document, request.inputs));
  refuse(await plannedWithin(services, origin, request.from, target.definition, changed), request);
  return { target, inputs };
}

function checkEnded({ id, status }: Run): void {
  if (isTerminal(status)) return;
  const word = RUN_STATUS[status].v1;
  throw new Problem('conflict', `Run ${id} has not ended: it is ${word}.`, [{ name: 'status', value: word }]);
}

const basics = (origin: Run) => ({
  workspace: origin.workspace,
  workflowId: origin.workflowId,
  stage: origin.stage,
  inputs: {},
  name: origin.name,
  labels: origin.labels,
  fileIds: origin.fileIds,
  trigger: 'rerun' as const,
  connectionOverrides: origin.connectionOverrides,
  test: origin.test,
});

/** The same request is the same whatever has been published since. */
const requestKey = (origin: Run, { from, inputs, version }: RerunRequest, value: string) => ({
  trigger: `rerun ${origin.id}`,
  value,
  asked: { from, inputs, version },
});

/** Defaults are no change. */
async function completed(document: Document, inputs: Record<string, unknown>): Promise<Record<string, unknown>> {
  const checked = inputObject.safeParse((await checkInputs(document, inputs)).inputs);
  return checked.success ? checked.data : inputs;
}

async function targetOf({ workflows }: StartServices, origin: Run, version: RerunRequest['version']) {
  if (version === 'original') return { definition: origin.definition, version: origin.version };
  const workflow = await workflows.get(origin.workflowId);
  if (version === 'latest') {
    if (!workflow?.published) throw new Problem('conflict', `Workflow "${origin.workflowName}" has no published version.`);
    return { definition: workflow.published.definition, version: workflow.published.version };
  }
  const found = await workflows.version(origin.workflowId, version);
  if (!found) throw notFound('version', String(version));
  return { definition: found.definition, version: found.number };
}

/** What is to be said of the run, and of the runs that its steps go on from. */
async function plannedWithin(
  services: Pick<StartServices, 'definitions' | 'runs'>,
  origin: Run,
  from: string,
  definition: string,
  changedInputs: string[],
): Promise<RerunPlan> {
  const own = await planned(services, origin, from, definition, changedInputs);
  const { pins } = await services.definitions.planOf(origin.workflowId, definition);
  const inner = await Promise.all(
    own.calls.map(async ({ step, child: id, from: point }) => {
      const pin = pins[step];
      const child = pin && (await services.runs.get(id));
      if (!pin || child?.workflowId !== pin.workflow || (point === 'failed' && hasSucceeded(child))) return [];
      const follows = pin.definition === 'self' ? definition : pin.definition;
      if (point === 'start' && !(await mayRepeat(services, pin.workflow, follows))) return [];
      const { changes, repeats } = await plannedWithin(services, child, point, follows, []);
      return [
        {
          changes: changes.map((change) => ({ ...change, step: `${step}/${change.step}` })),
          repeats: repeats.map((name) => `${step}/${name}`),
        },
      ];
    }),
  );
  return {
    ...own,
    changes: [...own.changes, ...inner.flat().flatMap(({ changes }) => changes)],
    repeats: [...new Set([...own.repeats, ...inner.flat().flatMap(({ repeats }) => repeats)])],
  };
}

/** Most workflows have nothing that may not be repeated: what their runs have done need not be read. */
async function mayRepeat(
  { definitions }: Pick<StartServices, 'definitions'>,
  workflow: string,
  definition: string,
): Promise<boolean> {
  const plan = await definitions.planOf(workflow, definition);
  return Object.keys(plan.pins).length > 0 || [...plan.steps.values()].some(({ step }) => !step.repeatable);
}

const hasSucceeded = ({ status }: Run) => status === 'succeeded' || status === 'skipped';

async function planned(
  services: Pick<StartServices, 'definitions' | 'runs'>,
  origin: Run,
  from: string,
  definition: string,
  changedInputs: string[],
): Promise<RerunPlan> {
  const [target, state] = await Promise.all([
    services.definitions.planOf(origin.workflowId, definition),
    loadState(services, origin),
  ]);
  const { plan, steps } = state;
  return planRerun({ origin: { id: origin.id, plan, steps }, target, from: pointOf(origin, target, from), changedInputs });
}

export function pointOf(origin: Run, target: Plan, from: string): RerunOf['from'] {
  if (from === 'start') return from;
  if (from === 'failed') {
    if (hasSucceeded(origin)) {
      throw new Problem(
        'conflict',
        `Run ${origin.id} has not failed: it is ${RUN_STATUS[origin.status].v1}. Run it again from its start or from a step.`,
      );
    }
    return from;
  }
  const step = target.steps.get(from);
  if (step) return step;
  const known = [...target.steps.keys()].join(', ');
  throw new Problem('invalid', `There is no step "${from}". The steps are: ${known}.`, [{ name: 'from', value: from }]);
}

function refuse({ changes, repeats }: RerunPlan, { acceptChanges, confirmRepeat }: RerunChoice): void {
  if (changes.length > 0 && !acceptChanges) {
    throw new Problem(
      'conflict',
      'Steps differ from the run whose results would be taken over. Look at the list and send accept_changes: true to go ahead.',
      changes.map(({ step, change, message }) => ({ name: `${change}: ${step}`, value: message })),
    );
  }
  if (repeats.length > 0 && !confirmRepeat) {
    throw new Problem(
      'conflict',
      'Steps that say repeatable: false would be executed a second time. Send confirm_repeat: true if they may be.',
      repeats.map((step) => ({ name: 'repeats', value: step })),
    );
  }
}

const changedNames = (before: Record<string, unknown>, after: Record<string, unknown>) =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => !isDeepStrictEqual(before[name], after[name]));

function warningsOf(origin: Run, { inputs }: RerunRequest): string[] {
  if (inputs !== 'same') return [];
  return [`The inputs that were taken on ${origin.createdAt} are used; what they were taken from may have changed since.`];
}
