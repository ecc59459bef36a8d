import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { calledAgain, callsOf, noteFinished } from '../../crash/finished.ts';
import { Installation } from '../../harness/installation.ts';
import { type StubServer, startStub } from '../../harness/stub-server.ts';
import { operatorOf } from './operator.ts';

const setting = new Installation();
const operator = operatorOf(() => setting.api);
let stub: StubServer;

beforeAll(async () => {
  stub = await startStub();
  await setting.start();
});
afterAll(async () => {
  await setting.close();
  await stub.close();
});

const call = (id: string, path: string, key = id) => ({
  id,
  http: { method: 'POST', url: stub.url + path, query: { run: '${ $run.id }', key }, body: {} },
});
const called = (run: { id: string }) => [...callsOf(stub, run).keys()].sort();

test('kill -9 while paused, while pausing, while resuming, while draining, while a child is paused, while a rerun begins: each run ends right, no finished step is executed again', {
  timeout: 90_000,
}, async () => {
  const name = `crash-child-${process.pid}`;
  await setting.api.publish({
    name,
    steps: [call('c1', '/c'), { id: 'cw', wait: '3s' }, call('c2', '/c')],
    output: { ok: true },
  });
  const flow = await setting.api.publish({
    steps: [
      call('a', '/a'),
      { id: 'w', wait: '3s' },
      { id: 'each', forEach: { in: '${ [1..2] }', as: 'n', steps: [call('b', '/b', 'each[${ $index }]/b')] } },
      call('z', '/z'),
    ],
  });
  const parent = await setting.api.publish({
    steps: [{ id: 'child', run: { workflow: name } }, call('z', '/z')],
    output: { ok: '${ $steps.child.ok }' },
  });
  const fails = await setting.api.publish({ steps: [call('a', '/a'), { id: 'bad', raise: { error: 'Bad', message: '' } }] });

  const reached = (id: string, step: string) => stub.calls.some(({ query }) => query['run'] === id && query['key'] === step);
  const started = async (workflow: string, step: string) => {
    const run = await setting.api.start(workflow);
    while (step !== '' && !reached(run.id, step)) await sleep(5);
    return run;
  };
  const failed = await setting.api.ended((await setting.api.start(fails)).id);
  const [paused, pausing, resuming, draining] = [
    await started(flow, 'a'),
    await started(flow, 'a'),
    await started(flow, 'a'),
    await started(flow, 'a'),
  ];
  const family = await setting.api.start(parent);
  const child = await operator.child(family.id);
  while (!reached(child.id, 'c1')) await sleep(5);
  for (const run of [paused, resuming, family]) await operator.pause(run);
  await Promise.all([paused, resuming, family].map(({ id }) => operator.isPaused(id)));

  await operator.pause(pausing);
  await operator.stop(draining, { mode: 'graceful', reason: 'release' });
  await operator.resume(resuming);
  const again = await operator.again(failed.id, { from: 'failed' });
  const all = [paused, pausing, resuming, draining, family, child, again];
  const finished = new Map(all.map(({ id }) => [id, new Map<string, number>()]));
  const crash = async () => {
    for (const run of all) await noteFinished(setting.api, stub, run, finished.get(run.id) ?? new Map());
    await setting.crash();
  };
  await crash();

  expect(await operator.look(paused.id)).toMatchObject({ status: 'paused' });
  expect(await operator.look(child.id)).toMatchObject({ status: 'paused' });
  expect(await operator.isPaused(family.id)).toMatchObject({ status: 'paused' });
  await operator.isPaused(pausing.id);
  await operator.resume(paused);
  await crash();

  await operator.resume(pausing);
  await operator.resume(family);
  for (const run of [paused, pausing, resuming]) {
    expect((await operator.ended(run.id)).status).toBe('succeeded');
    expect(called(run)).toEqual(['a', 'each[0]/b', 'each[1]/b', 'z']);
  }
  expect(await operator.ended(draining.id)).toMatchObject({ status: 'stopped', reason: 'release' });
  expect(called(draining)).toEqual(['a']);
  expect(await operator.ended(family.id)).toMatchObject({ status: 'succeeded', outputs: { ok: true } });
  expect([called(child), called(family)]).toEqual([['c1', 'c2'], ['z']]);
  expect(await operator.ended(again.id)).toMatchObject({ status: 'failed', error: { name: 'Bad' } });
  expect(called(again)).toEqual([]);
  for (const run of all) expect(calledAgain(stub, run, finished.get(run.id) ?? new Map())).toEqual([]);
});
