import { notFound } from '../../kernel/problem.ts';
import type { Run } from '../model/run.ts';
import { type RunState, stateOf } from '../model/state.ts';
import type { EngineServices } from '../ports.ts';

/** The state of a run as its journal has it now. */
export async function loadState(
  { runs, definitions }: Pick<EngineServices, 'runs' | 'definitions'>,
  run: Run,
): Promise<RunState> {
  const [plan, loaded] = await Promise.all([definitions.planOf(run.workflowId, run.definition), runs.load(run.id)]);
  if (!loaded) throw notFound('run', run.id);
  return stateOf(plan, loaded.entries, loaded.snapshot);
}
