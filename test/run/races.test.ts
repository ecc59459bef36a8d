import { beforeEach, describe, expect, test, vi } from 'vitest';
import { settleWalk } from '../../functions/settle/execution-status.ts';
import { stopRun } from '../../shared/run/control/stop-run.ts';
import { refOf, walkName } from '../../shared/run/model/run.ts';
import type { WalkEnd, Walks } from '../../shared/run/ports.ts';
import { settleRun } from '../../shared/run/settle-run.ts';
import { type StartRequest, startRun } from '../../shared/run/start/start-run.ts';
import { sweep } from '../../shared/run/sweep/sweep.ts';
import { perform } from '../../shared/run/work/perform.ts';
import type { Run } from './client.ts';
import { setting } from './setting.ts';
import { engine } from './setting-engine.ts';

// The functions are imported here before the cloud has set their environment.
vi.hoisted(() => vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'true'));

const at = setting();
let own: ReturnType<typeof engine>;

beforeEach(() => {
  own = engine();
});

const lost = () => Promise.reject(new Error('lost'));

/** The engine over other state machines than those of the cloud. */
const over = (walks: Partial<Walks>) => ({
  ...own,
  walks: { start: lost, stop: lost, answer: lost, status: async () => undefined, ...walks },
  watcher: { ...own.watcher, startLost: () => {} },
});

/** A run that stands without a walk: its start was lost. */
async function heldRun(workflowId: string, inputs: Record<string, unknown> = {}): Promise<string> {
  const request: StartRequest = { workspace: 'local', workflowId, stage: 'Published', inputs, fileIds: [], trigger: 'api' };
  return (await startRun(over({}), request)).run.id;
}

const change = (name: string, status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED') => ({ detail: { name, status } });
const later = (ms: number) => ({ ...own, now: () => new Date(Date.now() + ms) });
const ends = async (id: string) =>
  (await at.api.story(id)).filter((line) => /^run_(succeeded|failed|cancelled|timed_out)/.test(line));
const two = () => ({
  steps: [
    { id: 'a', http: { method: 'POST', url: `${at.stub.url}/two`, body: {} } },
    { id: 'b', set: { n: 1 } },
  ],
  output: { n: '${ $steps.b.n }' },
});

describe('the sweeper', () => {
  test('starts a run whose start was lost, when it has waited long enough, once', async () => {
    const id = await heldRun(await at.api.publish(two()));
    expect((await sweep(own)).started).toBe(0);
    expect(await own.walks.status((await own.run(id)).machine, `${id}-1`)).toBeUndefined();

    await Promise.all([sweep(later(31_000)), sweep(later(31_000)), sweep(later(31_000))]);
    expect(await at.api.ended(id)).toMatchObject({ status: 'succeeded', outputs: { n: 1 } });
    expect(at.stub.count('/two')).toBe(1);
  });

  test('settles a run whose end was lost: succeeded with its outputs, failed with the failure of its step', async () => {
    const good = await heldRun(await at.api.publish(two()));
    for (const step of ['a', 'b']) await own.work(good, step);
    const bad = await heldRun(
      await at.api.publish({
        steps: [
          { id: 'a', raise: { error: 'Bad', message: 'no' } },
          { id: 'b', set: {} },
        ],
      }),
    );
    await expect(own.work(bad, 'a')).rejects.toThrow();
    const ends = new Map<string, WalkEnd>([
      [`${good}-1`, 'succeeded'],
      [`${bad}-1`, 'failed'],
    ]);
    const status = async (_: string, name: string) => ends.get(name) ?? 'running';
    await sweep({ ...over({ status }), now: () => new Date(Date.now() + 31_000) });
    expect(await at.api.run(good)).toMatchObject({ status: 'succeeded', outputs: { n: 1 } });
    expect(await at.api.run(bad)).toMatchObject({
      status: 'failed',
      error: { name: 'Bad', step: 'a' },
      steps: { failed: 1, skipped: 1 },
    });
  });

  test('leaves a run alone that is on its way, and looks again later', async () => {
    const run = await at.api.start(await at.api.publish({ steps: [{ id: 'w', wait: '1h' }] }));
    await at.api.until(run.id, ({ status }) => status === 'running');
    const { dueAt } = await own.run(run.id);
    const swept = await sweep(later(600_000));
    expect(swept.deferred).toBeGreaterThanOrEqual(1);
    const after = await own.run(run.id);
    expect(after.status).toBe('running');
    expect(Date.parse(after.dueAt ?? '')).toBeGreaterThan(Date.parse(dueAt ?? ''));
    await at.api.stop(run);
  });

  test('times out a run past its deadline, and ends its walk', async () => {
    const run = await at.api.start(await at.api.publish({ timeout: '${ 3600 }', steps: [{ id: 'w', wait: '2h' }] }));
    await at.api.until(run.id, ({ status }) => status === 'running');
    await sweep(later(3_700_000));
    expect(await at.api.run(run.id)).toMatchObject({ status: 'timed_out', steps: { cancelled: 1 } });
    const { machine } = await own.run(run.id);
    expect(await own.walks.status(machine, `${run.id}-1`)).toBe('aborted');
  });

  test('carries on a stop that was only written down', async () => {
    const run = await at.api.start(await at.api.publish({ steps: [{ id: 'w', wait: '1h' }] }));
    await at.api.until(run.id, ({ status }) => status === 'running');
    await own.runs.requestStop(await own.run(run.id), {
      mode: 'immediate',
      by: 'test',
      at: new Date().toISOString(),
      reason: 'enough',
    });
    await sweep(later(1000));
    expect(await at.api.run(run.id)).toMatchObject({ status: 'stopped', reason: 'enough' });
    expect(await ends(run.id)).toEqual(['run_cancelled']);
  });
});

describe('events about walks', () => {
  test('duplicates and old ones change nothing', async () => {
    const done = await at.api.through(two());
    for (const status of ['FAILED', 'ABORTED', 'SUCCEEDED', 'TIMED_OUT', 'FAILED'] as const)
      await settleWalk(change(`${done.id}-1`, status), own);
    expect(await at.api.run(done.id)).toEqual(done);

    const held = await heldRun(done.workflow_id);
    await settleWalk(change(`${held}-0`, 'FAILED'), own);
    await settleWalk(change('01UNKNOWN-1', 'FAILED'), own);
    expect((await at.api.run(held)).status).toBe('pending');
  });

  test.each([
    ['FAILED', 'failed', 'failed'],
    ['TIMED_OUT', 'timed_out', 'timed_out'],
    ['ABORTED', 'aborted', 'stopped'],
    ['SUCCEEDED', 'succeeded', 'succeeded'],
  ] as const)('%s (%s) ends a run that nobody has ended: %s, however often it is told', async (status, end, word) => {
    const id = await heldRun(await at.api.publish(two()));
    if (status === 'SUCCEEDED') for (const step of ['a', 'b']) await own.work(id, step);
    await Promise.all([1, 2, 3].map(() => settleWalk(change(`${id}-1`, status), over({ status: async () => end }))));
    expect((await at.api.run(id)).status).toBe(word);
    expect(await ends(id)).toHaveLength(1);
  });
});

describe('settling', () => {
  test('from three sides at once has one effect', async () => {
    const id = await heldRun(await at.api.publish(two()));
    await own.work(id, 'a');
    const run = await own.run(id);
    const settled = await Promise.all([
      settleRun(own, run, { kind: 'succeeded', outputs: { side: 1 } }),
      settleRun(own, run, { kind: 'failed', error: { name: 'Side', message: 'two', step: null } }),
      settleRun(own, run, { kind: 'timed_out' }),
    ]);
    const now = await own.run(id);
    expect(await ends(id)).toHaveLength(1);
    for (const one of settled) expect(one.status).toBe(now.status);
    expect(now.status === 'succeeded' ? now.error : now.outputs).toBeUndefined();
  });

  test('a worker that finishes after the run was settled changes nothing', async () => {
    at.stub.on('/late-writer', { afterMs: 400 });
    const id = await heldRun(
      await at.api.publish({
        steps: [
          { id: 'a', http: { method: 'GET', url: `${at.stub.url}/late-writer` } },
          { id: 'b', set: {} },
        ],
      }),
    );
    const working = expect(own.work(id, 'a')).rejects.toMatchObject({ name: 'RunEnded' });
    await at.stub.called('/late-writer');
    await settleRun(own, await own.run(id), { kind: 'failed', error: { name: 'Elsewhere', message: '', step: null } });
    const before = [await at.api.run(id), await at.api.context(id), await at.api.events(id)];
    await working;
    await expect(own.work(id, 'b')).rejects.toMatchObject({ name: 'RunEnded' });
    expect([await at.api.run(id), await at.api.context(id), await at.api.events(id)]).toEqual(before);
    expect(await at.api.fates(id)).toEqual({ a: 'cancelled', b: 'skipped/blocked' });
  });

  test('two workers at the same step: the second answers from the row of the first', async () => {
    at.stub.on('/twins', (_, n) => ({ afterMs: n === 1 ? 100 : 300, body: n }));
    const id = await heldRun(
      await at.api.publish({
        steps: [{ id: 'a', http: { method: 'GET', url: `${at.stub.url}/twins` } }],
        output: { n: '${ $steps.a.body }' },
      }),
    );
    const first = own.work(id, 'a', 'step', { last: true });
    await at.stub.called('/twins', 1);
    const second = own.work(id, 'a', 'step', { last: true });
    await first;
    await second.catch((error: Error) => expect(error.name).toBe('RunEnded'));
    expect(await at.api.run(id)).toMatchObject({ status: 'succeeded', outputs: { n: 1 } });
    expect((await at.api.story(id)).filter((line) => line === 'step_completed a')).toHaveLength(1);
  });

  test('two workers that end a step in the middle: both pass', async () => {
    at.stub.on('/twins2', (_, n) => ({ afterMs: n === 1 ? 100 : 300, body: n }));
    const id = await heldRun(
      await at.api.publish({
        steps: [
          { id: 'a', http: { method: 'GET', url: `${at.stub.url}/twins2` } },
          { id: 'b', set: {} },
        ],
      }),
    );
    await Promise.all([own.work(id, 'a'), own.work(id, 'a')]);
    expect((await own.run(id)).status).toBe('pending');
    expect((await at.api.step(id, 'a'))?.output).toMatchObject({ body: 1 });
  });
});

describe('stop against the natural end', () => {
  test('one of them wins, and who asked is told which', async () => {
    const workflow = await at.api.publish(two());
    for (let round = 0; round < 12; round++) {
      const run = await at.api.start(workflow);
      await new Promise((resolve) => setTimeout(resolve, round * 4));
      const replies = await Promise.all([at.api.stop(run), at.api.stop(run)]);
      const ended = await at.api.ended(run.id);
      expect(['stopped', 'succeeded']).toContain(ended.status);
      expect(await ends(run.id)).toEqual([ended.status === 'stopped' ? 'run_cancelled' : 'run_succeeded']);
      for (const { status, body } of replies) {
        if (status === 202) expect(ended.status).toBe('stopped');
        else
          expect({ status, body }).toMatchObject({ status: 409, body: { details: [{ name: 'status', value: ended.status }] } });
      }
      if (ended.status === 'stopped') expect(replies.some(({ status }) => status === 202)).toBe(true);
      expect(ended.steps).toMatchObject({ pending: 0, running: 0 });
    }
  });

  test('two stops that have both been read as live stop it once', async () => {
    const id = await heldRun(await at.api.publish({ steps: [{ id: 'w', wait: '1h' }] }));
    const run = await own.run(id);
    const results = await Promise.allSettled([
      stopRun(own, run, { mode: 'immediate', by: 'one', reason: 'first' }),
      stopRun(own, run, { mode: 'immediate', by: 'two', reason: 'second' }),
    ]);
    expect(results.some(({ status }) => status === 'fulfilled')).toBe(true);
    expect(await ends(id)).toEqual(['run_cancelled']);
    const after: Run = await at.api.run(id);
    expect(['first', 'second']).toContain(after.reason);
  });

  test('a run that was stopped before its walk began never executes a step', async () => {
    const id = await heldRun(
      await at.api.publish({ steps: [{ id: 'a', http: { method: 'GET', url: `${at.stub.url}/never` } }] }),
    );
    await stopRun(own, await own.run(id), { mode: 'immediate', by: 'test' });
    const run = await own.run(id);
    await own.walks.start(run.machine, walkName(run), refOf(run));
    await sweep(later(31_000));
    expect(await at.api.run(id)).toMatchObject({ status: 'stopped' });
    expect(at.stub.count('/never')).toBe(0);
  });

  test('a call that an older walk made comes to nothing', async () => {
    const id = await heldRun(await at.api.publish({ steps: [{ id: 'a', http: { method: 'GET', url: `${at.stub.url}/late` } }] }));
    const run = await own.run(id);
    const old = { ...refOf(run), walk: run.walk - 1 };
    await expect(perform(own, { op: 'step', step: 'a', last: false, run: old, scope: '' })).rejects.toMatchObject({
      name: 'RunEnded',
    });
    await perform(own, { op: 'fail', error: { Error: 'States.Timeout' }, run: old, scope: '' });
    expect(await at.api.run(id)).toMatchObject({ status: 'pending' });
    expect(at.stub.count('/late')).toBe(0);
    await stopRun(own, run, { mode: 'immediate', by: 'test' });
  });
});
