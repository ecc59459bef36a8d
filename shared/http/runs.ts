import type { Caller } from '../access/role.ts';
import { notFound } from '../problem.ts';
import type { Engine, Runs } from '../run/ports.ts';
import { countSteps, statesFrom, stepStates } from '../run/read-context.ts';
import type { Run } from '../run/run.ts';
import { ShownValues } from '../run/shown-values.ts';
import type { Workflows } from '../workflow/ports.ts';
import type { Workflow } from '../workflow/workflow.ts';
import { resourceId } from './resources.ts';
import { runDetailView } from './views.ts';

const isId = (id: string) => resourceId.safeParse(id).success;

const mayRead = (caller: Caller, of: { workspace: string; project: string }) =>
  of.workspace === caller.workspace && (caller.project === undefined || caller.project === of.project);

/** The run, if it is the caller's (and of that workflow); what belongs to others does not exist. */
export async function runOf({ runs }: { runs: Runs }, caller: Caller, id: string, workflowId?: string): Promise<Run> {
  const run = isId(id) ? await runs.get(id) : undefined;
  if (!run || !mayRead(caller, run) || (workflowId !== undefined && run.workflowId !== workflowId)) throw notFound('run', id);
  return run;
}

/** The workflow, if it is the caller's (and in that project). Deleted ones are found only where their runs are read. */
export async function workflowOf(
  { workflows }: { workflows: Workflows },
  caller: Caller,
  id: string,
  { project, deleted = false }: { project?: string; deleted?: boolean } = {},
): Promise<Workflow> {
  const workflow = isId(id) ? await workflows.get(id) : undefined;
  if (!workflow || !mayRead(caller, workflow) || (workflow.deletedAt && !deleted)) throw notFound('workflow', id);
  if (project !== undefined && workflow.project !== project) throw notFound('workflow', id);
  return workflow;
}

/** The run with all that its detail shows. */
export async function runDetailOf(engine: Pick<Engine, 'runs' | 'values' | 'definitions'>, run: Run) {
  const values = await ShownValues.of(engine, run);
  const [inputs, outputs, states, chain, children] = await Promise.all([
    values.inputs(),
    values.outputs(),
    stepStates(engine, run),
    chainOf(engine.runs, run),
    engine.runs.list({ workspace: run.workspace, parent: run.id }, { limit: CHILDREN_SHOWN }),
  ]);
  return runDetailView(run, { inputs, outputs, steps: countSteps(states), chain, children: children.items });
}

/** The detail of a run that has just been started: nothing has come of it yet, so nothing is read but what was given. */
export async function newRunDetailOf(engine: Pick<Engine, 'runs' | 'values' | 'definitions'>, run: Run) {
  const values = await ShownValues.of(engine, run);
  const [inputs, plan] = await Promise.all([values.inputs(), engine.definitions.planOf(run.workflowId, run.definition)]);
  const states = statesFrom(plan, [], run);
  return runDetailView(run, {
    inputs,
    outputs: null,
    steps: countSteps(states),
    chain: run.parent && run.trigger === 'rerun' ? [run.parent] : [],
    children: [],
  });
}

const CHILDREN_SHOWN = 100;
const CHAIN_SHOWN = 20;

/** The runs that it runs again, nearest first. */
async function chainOf(runs: Runs, run: Run): Promise<string[]> {
  const chain: string[] = [];
  let at: Run | undefined = run;
  while (at?.parent !== undefined && at.trigger === 'rerun' && chain.length < CHAIN_SHOWN) {
    chain.push(at.parent);
    at = await runs.get(at.parent);
  }
  return chain;
}
