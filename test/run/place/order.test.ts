import { expect, test } from 'vitest';
import { RunState } from '../../../shared/run/model/state.ts';
import { writeRun } from '../../../shared/run/start/start-run.ts';
import type { LeafContext } from '../../../shared/step/kind.ts';
import { aPlan, aRun } from '../../harness/builders.ts';
import { howMany } from '../../harness/how-many.ts';
import { memoryEngine } from '../memory-engine.ts';

const RUNS = howMany('RUNS_IN_LINE', 1_000);
const LIMIT = 5;
const plan = aPlan("  - id: call\n    http: { method: GET, url: 'http://erp.example/orders' }");

test(`${RUNS} runs behind a limit of ${LIMIT} go on in the order in which they came`, {
  timeout: 60_000 + RUNS * 20,
}, async () => {
  const engine = memoryEngine();
  engine.publish('orders', plan);
  let [inFlight, most] = [0, 0];
  const called: string[] = [];
  const execute = async (_: object, { runId }: LeafContext) => {
    called.push(runId);
    inFlight += 1;
    most = Math.max(most, inFlight);
    // Not all take equally long.
    for (let turns = called.length % 7; turns > 0; turns -= 1) await new Promise((resolve) => setImmediate(resolve));
    inFlight -= 1;
    return { status: 200, headers: {}, body: {} };
  };
  Object.assign(engine, {
    executors: { http: { execute } },
  });
  const ids: string[] = [];
  for (let n = 0; n < RUNS; n += 1) {
    const now = engine.now().toISOString();
    const run = aRun({
      workflowId: 'orders',
      definition: 'orders',
      createdAt: now,
      deadline: '2099-01-01T00:00:00.000Z',
      steps: new RunState(plan).countSteps(),
      concurrency: { place: 'orders#Published#all', limit: LIMIT, whenFull: 'queue' },
      id: idAt(n),
    });
    ids.push(run.id);
    await writeRun(engine, { run, plan, key: undefined, waitMs: undefined });
  }
  expect(engine.executions.started).toHaveLength(LIMIT);
  const drivers = new Set<Promise<unknown>>();
  for (let next = 0; next < engine.executions.started.length || drivers.size > 0; ) {
    for (const execution of engine.executions.started.slice(next)) {
      const driver: Promise<unknown> = engine.execute(execution).finally(() => drivers.delete(driver));
      drivers.add(driver);
      next += 1;
    }
    await Promise.race(drivers);
  }
  expect(called.toSorted()).toEqual(ids);
  expect(most).toBe(LIMIT);
  // Those that are let in side by side may begin side by side.
  const ahead = called.map((id, place) => Math.abs(ids.indexOf(id) - place));
  expect(Math.max(...ahead)).toBeLessThan(LIMIT);
});

/** As they come: each later than the one before. */
const idAt = (n: number) => `01${String(n).padStart(24, '0')}`;
