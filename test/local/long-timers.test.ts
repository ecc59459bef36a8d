import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { runMachine } from '../../infra/run-machine.ts';
import { definition } from '../../local/step-functions/definition.ts';
import { Executions } from '../../local/step-functions/executions.ts';
import { sleepUntil } from '../../local/step-functions/sleep.ts';
import { ExecutionStore } from '../../local/step-functions/store.ts';
import { noUsage } from '../../local/usage/usage.ts';

const DAY_MS = 86_400_000;

beforeEach(() => vi.useFakeTimers({ now: new Date('2026-03-02T10:00:00Z') }));
afterEach(() => vi.useRealTimers());

test('a sleep of longer than a timer can be set for ends at its time', async () => {
  const woken = vi.fn();
  void sleepUntil(Date.now() + 60 * DAY_MS, new AbortController().signal).then(woken);
  await vi.advanceTimersByTimeAsync(60 * DAY_MS - 1);
  expect(woken).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(woken).toHaveBeenCalled();
});

test('a sleep that is given up ends at once', async () => {
  const abort = new AbortController();
  const slept = sleepUntil(Date.now() + DAY_MS, abort.signal);
  abort.abort();
  await expect(slept).resolves.toBeUndefined();
});

test('an Express execution is over after five minutes, also when it has been carried on', async () => {
  const machine = {
    arn: 'runs',
    name: 'runs',
    express: true,
    definition: definition.parse(runMachine('worker', { express: true })),
  };
  const store = new ExecutionStore(':memory:');
  const invoke = () => new Promise<never>(() => {});
  const usage = noUsage().stepFunctions;
  const executions = new Executions({ machines: new Map(), store, functions: { invoke }, usage });
  const input = '{"run":{},"execution":1,"turn":0}';
  const execution = { arn: 'one', machine: 'runs', name: 'one', input, startedMs: Date.now() - 60_000 };
  store.insert(execution);
  const ending = executions.begin(machine, execution);
  await vi.advanceTimersByTimeAsync(240_000 - 1);
  expect(store.get('one')).toMatchObject({ status: 'RUNNING' });
  await vi.advanceTimersByTimeAsync(1);
  await expect(ending).resolves.toEqual({ status: 'TIMED_OUT', error: 'States.Timeout' });
  expect(store.get('one')).toBeUndefined();
  expect(usage.expressGbSeconds).toBe(300 / 16);
  store.close();
});
