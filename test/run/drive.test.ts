import { expect, test } from 'vitest';
import { aPlan } from '../harness/builders.ts';
import { firstOf, memoryEngine } from './memory-engine.ts';

test('steps one after another are written as they end, the last with the end of the run', async () => {
  const engine = memoryEngine();
  const run = await engine.create(
    aPlan(`
  - id: a
    set: { x: 1 }
  - id: b
    set: { y: '\${ $steps.a.x + 1 }' }
`),
  );
  const answer = await engine.execute(firstOf(run));
  expect(answer.next).toBe('done');
  const row = await engine.runs.get(run.id);
  expect(row?.status).toBe('succeeded');
  expect((await engine.journal(run.id)).map(({ type }) => type)).toEqual([
    'driver_started',
    'run_started',
    'step_started',
    'step_completed',
    'step_started',
    'step_completed',
    'run_ended',
  ]);
});

test('groups, conditions, failures and handlers', async () => {
  const engine = memoryEngine();
  const run = await engine.create(
    aPlan(`
  - id: loop
    forEach:
      in: '\${ [1,2,3] }'
      as: n
      steps:
        - id: double
          set: { v: '\${ $n * 2 }' }
  - id: skipped
    if: '\${ false }'
    set: { z: 1 }
  - id: fails
    raise: { error: Boom, message: no }
    catch:
      - on: [Boom]
        steps:
          - id: handled
            set: { ok: '\${ $error.name }' }
  - id: par
    parallel:
      catchAll:
        - id: left
          set: { l: 1 }
      right:
        - id: right1
          set: { r: '\${ $steps.fails.ok }' }
  - id: sw
    switch:
      - when: '\${ $count($steps.loop) = 3 }'
        steps:
          - id: three
            set: { three: true }
      - otherwise:
          - id: other
            set: { three: false }
  - id: nap
    wait: 1s
`),
  );
  const answer = await engine.execute(firstOf(run));
  const row = await engine.runs.get(run.id);
  const state = await engine.state(run.id);
  expect({ answer: answer.next, error: row?.error, status: row?.status }).toEqual({
    answer: 'done',
    error: undefined,
    status: 'succeeded',
  });
  expect(state.step('handled')?.status).toBe('succeeded');
  expect(state.step('loop[2]/double')?.status).toBe('succeeded');
  expect(row?.steps).toMatchObject({ pending: 0, running: 0 });
});
