import { notFound } from '../kernel/problem.ts';
import { Journal } from '../run/journal/journal.ts';
import type { Run } from '../run/model/run.ts';
import type { EngineServices } from '../run/ports.ts';
import { stepsOf } from '../run/read/read-context.ts';
import { ShownValues } from '../run/shown/shown-values.ts';
import { kindOf } from '../step/registry.ts';
import { digestOf, type Expectation } from './test-case.ts';

/** Steps of which is known where they part. */
const MOST_STEPS = 500;

const asItIs = (value: unknown) => value;

/** What a run that has ended came to, without its secrets; `renamed`: its values in the words of the test that is made of it. */
export async function expectationOf(services: EngineServices, run: Run, renamed = asItIs): Promise<Expectation> {
  const [plan, loaded, shown] = await Promise.all([
    services.definitions.planOf(run.workflowId, run.definition),
    services.runs.load(run.id),
    ShownValues.of(services, run),
  ]);
  if (!loaded) throw notFound('run', run.id);
  const journal = new Journal(services, plan, loaded);
  const steps: Expectation['steps'] = [];
  for (const { key, status, state, planned } of stepsOf(journal.state).slice(0, MOST_STEPS)) {
    const [input, output] = [await journal.stored(state?.inputAt, 'input'), await journal.stored(state?.outputAt, 'output')];
    // The instant at which a wait is over is another each time.
    if (kindOf(planned.step.kind).shape === 'timer') {
      steps.push([key, status, '']);
      continue;
    }
    const values = [input && (await shown.whole(input)), output && (await shown.whole(output)), state?.error?.name];
    steps.push([key, status, digestOf(renamed(values.map((value) => value ?? null)))]);
  }
  return { status: run.status, error: run.error, outputs: renamed(await shown.outputs()), steps };
}
