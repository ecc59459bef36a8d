import { notFound } from '../../problem.ts';
import type { Run } from '../model/run.ts';
import { type RunState, stateOf } from '../model/state.ts';
import type { Engine } from '../ports.ts';

/** The state of a run as its journal has it now. */
export async function loadState({ runs, definitions }: Pick<Engine, 'runs' | 'definitions'>, run: Run): Promise<RunState> {
  const [plan, loaded] = await Promise.all([definitions.planOf(run.workflowId, run.definition), runs.load(run.id)]);
  if (!loaded) throw notFound('run', run.id);
  return stateOf(plan, loaded.entries, loaded.snapshot);
}
