import { setTimeout as sleep } from 'node:timers/promises';
import { visible } from '../access/tenancy.ts';
import { isResourceId } from '../edge/schema.ts';
import { notFound } from '../kernel/problem.ts';
import type { Caller } from '../kernel/role.ts';
import type { Run } from './model/run.ts';
import { isTerminal } from './model/status.ts';
import type { EngineServices, Runs } from './ports.ts';
import { runDetailView } from './run.http.ts';
import { ShownValues } from './shown/shown-values.ts';

/** The run, if the caller may see it (and it is of that workflow). */
export async function runOf({ runs }: { runs: Runs }, caller: Caller, id: string, workflowId?: string): Promise<Run> {
  const run = visible(caller, 'run', id, isResourceId(id) ? await runs.get(id) : undefined);
  if (workflowId !== undefined && run.workflowId !== workflowId) throw notFound('run', id);
  return run;
}

/** The run with all that its detail shows. */
export async function runDetailOf(engine: Pick<EngineServices, 'runs' | 'values' | 'definitions' | 'places' | 'now'>, run: Run) {
  const values = await ShownValues.of(engine, run);
  const [inputs, outputs, before, chain, children] = await Promise.all([
    values.inputs(),
    values.outputs(),
    beforeIt(engine, run),
    chainOf(engine.runs, run),
    engine.runs.list({ workspace: run.workspace, parent: run.id, archived: 'any' }, { limit: CHILDREN_SHOWN }),
  ]);
  return runDetailView(run, { inputs, outputs, before, chain, children: children.items });
}

/** The detail of a run that has just been started: nothing has come of it yet, so nothing is read but what was given. */
export async function newRunDetailOf(engine: Pick<EngineServices, 'values' | 'definitions' | 'places' | 'now'>, run: Run) {
  const values = await ShownValues.of(engine, run);
  const [inputs, outputs, before] = await Promise.all([values.inputs(), values.outputs(), beforeIt(engine, run)]);
  return runDetailView(run, {
    inputs,
    outputs,
    before,
    chain: run.parent && run.trigger === 'rerun' ? [run.parent] : [],
    children: [],
  });
}

/** How many wait before a run that waits for room. */
async function beforeIt({ places, now }: Pick<EngineServices, 'places' | 'now'>, { id, queued, concurrency }: Run) {
  const isClosed = queued?.until !== undefined && Date.parse(queued.until) > now().getTime();
  return queued && concurrency && !isClosed ? places.before(concurrency.place, id) : undefined;
}

/** The run as it stands when it has ended, or when the time is over. Looks less and less often. */
export async function ended({ runs, now }: Pick<EngineServices, 'runs' | 'now'>, seen: Run, waitMs: number): Promise<Run> {
  const until = now().getTime() + waitMs;
  let run = seen;
  for (
    let pause = FIRST_LOOK_MS;
    !isTerminal(run.status) && now().getTime() < until;
    pause = Math.min(pause * 2, SLOWEST_LOOK_MS)
  ) {
    await sleep(Math.min(pause, Math.max(until - now().getTime(), 0)));
    run = (await runs.get(run.id)) ?? run;
  }
  return run;
}

const FIRST_LOOK_MS = 10;
const SLOWEST_LOOK_MS = 500;
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
