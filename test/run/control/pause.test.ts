import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'vitest';
import { setting } from '../setting.ts';
import { FIRST_KEY, operatorOf } from './operator.ts';

const at = setting();
const operator = operatorOf(() => at.api);

const call = (id: string, path: string, more: object = {}) => ({
  id,
  http: { method: 'POST', url: at.stub.url + path, query: { run: '${ $run.id }', id }, body: {} },
  output: id,
  ...more,
});
const calls = (path: string) => at.stub.to(path).map(({ query }) => query['id']);
const start = async (steps: object[], more: object = {}) => at.api.start(await at.api.publish({ steps, ...more }));

describe.concurrent('pause', { timeout: 90_000 }, () => {
  test('lets what is in flight complete, starts no new step, and resume goes on where the run stood', async ({ expect }) => {
    at.stub.on('/slow', { afterMs: 3000 });
    const run = await start([call('a', '/slow'), call('b', '/after'), call('c', '/after')], { output: { c: '${ $steps.c }' } });
    await at.stub.called('/slow');
    await operator.until(run.id, ({ status }) => status === 'running');
    const asked = await operator.pause(run, 'month end');
    expect(asked).toMatchObject({ status: 200, body: { pausing: true, pause: { actor: FIRST_KEY, reason: 'month end' } } });
    expect(asked.body).toMatchObject({ status: expect.stringMatching(/pending|running/) });

    const paused = await operator.isPaused(run.id);
    // It stands before the next step.
    expect(paused).toMatchObject({
      pausing: false,
      at_step: 'b',
      pause: { reason: 'month end' },
      steps: { succeeded: 1, pending: 2 },
    });
    expect(paused.actions.filter(({ allowed }) => allowed).map(({ action }) => action)).toEqual([
      'resume',
      'stop',
      'stop_gracefully',
    ]);
    expect(at.stub.to('/slow')[0]?.hungUp).toBe(false);
    expect(calls('/after')).toEqual([]);

    expect((await operator.resume(run)).status).toBe(200);
    const ended = await operator.ended(run.id);
    expect(ended).toMatchObject({ status: 'succeeded', outputs: { c: 'c' }, pause: null });
    expect(ended.deadline > paused.deadline).toBe(true);
    expect([at.stub.count('/slow'), calls('/after')]).toEqual([1, ['b', 'c']]);
    const story = await at.api.story(run.id);
    expect(story.filter((line) => /^run_/.test(line))).toEqual([
      'run_created',
      'run_started',
      'run_pausing',
      'run_paused',
      'run_resumed',
      'run_succeeded',
    ]);
    const said = (await at.api.events(run.id)).map(({ message }) => message).join('\n');
    expect(said).toContain('Pause asked for by first key: month end');
    expect(said).toContain('Resumed by first key.');
  });

  test('reaches a run before it has taken a step', async ({ expect }) => {
    // The driver may be at the first step already; it must not be through with both.
    at.stub.on('/pending', { afterMs: 1500 });
    const run = await start([call('a', '/pending'), call('b', '/pending')]);
    expect((await operator.pause(run)).status).toBe(200);
    const paused = await operator.isPaused(run.id);
    const before = calls('/pending');
    expect(paused.steps['succeeded']).toBe(before.length);
    await operator.resume(run);
    expect((await operator.ended(run.id)).status).toBe('succeeded');
    expect(calls('/pending')).toEqual(['a', 'b']);
  });

  test('in parallel branches and in a loop: each step in flight completes, no other starts, all are executed once', async ({
    expect,
  }) => {
    at.stub.on('/left', { afterMs: 2500 });
    at.stub.on('/item', { afterMs: 2500 });
    const run = await start([
      {
        id: 'both',
        parallel: {
          left: [call('l1', '/left'), call('l2', '/branches')],
          right: [
            {
              id: 'each',
              forEach: { in: '${ [1..5] }', as: 'n', concurrency: 2, steps: [call('item', '/item'), call('then', '/branches')] },
            },
            call('r2', '/branches'),
          ],
        },
      },
      call('last', '/branches'),
    ]);
    await Promise.all([at.stub.called('/left'), at.stub.called('/item', 2)]);
    await operator.pause(run);
    await operator.isPaused(run.id);
    expect([at.stub.count('/item'), at.stub.count('/branches')]).toEqual([2, 0]);
    expect(await at.api.fates(run.id)).toMatchObject({
      l1: 'succeeded',
      'each[0]/item': 'succeeded',
      'each[1]/item': 'succeeded',
      l2: 'pending',
    });

    await operator.resume(run);
    expect((await operator.ended(run.id)).status).toBe('succeeded');
    expect([at.stub.count('/left'), at.stub.count('/item')]).toEqual([1, 5]);
    expect(calls('/branches').sort()).toEqual(['l2', 'last', 'r2', 'then', 'then', 'then', 'then', 'then']);
  });

  test('in a retry back-off: the attempts go on being counted', async ({ expect }) => {
    at.stub.on('/flaky', [{ status: 500 }, { status: 500 }, { body: 'ok' }]);
    const run = await start([call('f', '/flaky', { retry: { attempts: 3, delay: '3s', backoff: 1 } })]);
    await operator.until(run.id, ({ steps }) => steps['pending'] === 1 && at.stub.count('/flaky') === 1);
    await operator.pause(run);
    await operator.isPaused(run.id);
    await operator.resume(run);
    expect((await operator.ended(run.id)).status).toBe('succeeded');
    expect((await at.api.context(run.id))['f']).toMatchObject({ status: 'succeeded', attempts: 3 });
    expect(at.stub.count('/flaky')).toBe(3);
  });

  test('in a wait: one that has passed meanwhile is over, one that has not keeps its instant', async ({ expect }) => {
    const run = await start([
      { id: 'short', needs: [], wait: '4s' },
      { id: 'long', needs: [], wait: '7s' },
    ]);
    const begun = Date.now();
    await operator.until(run.id, ({ steps }) => steps['waiting'] === 2);
    await operator.pause(run);
    await operator.isPaused(run.id);
    const { short, long } = await at.api.context(run.id);
    await sleep(Math.max(0, begun + 4600 - Date.now()));
    await operator.resume(run);
    while ((await at.api.step(run.id, 'short'))?.status !== 'succeeded') await sleep(20);
    expect((await at.api.step(run.id, 'long'))?.status).toBe('waiting');
    expect((await operator.ended(run.id)).status).toBe('succeeded');
    const after = await at.api.context(run.id);
    expect([after['short']?.started_at, after['long']?.started_at]).toEqual([short?.started_at, long?.started_at]);
    expect(Date.parse(after['long']?.ended_at ?? '') - Date.parse(long?.started_at ?? '')).toBeLessThan(11_000);
  });

  test('again and again, and resume while it still pauses', async ({ expect }) => {
    at.stub.on('/long', { afterMs: 3000 });
    const run = await start([call('a', '/long'), call('b', '/again'), { id: 'w', wait: '1s' }, call('c', '/again')]);
    await at.stub.called('/long');
    for (let n = 0; n < 3; n++) {
      expect((await operator.pause(run)).status).toBe(200);
      expect(await operator.look(run.id)).toMatchObject({ pausing: true });
      expect((await operator.resume(run)).status).toBe(200);
    }
    expect((await operator.pause(run)).status).toBe(200);
    expect((await operator.pause(run)).status).toBe(200);
    await operator.isPaused(run.id);
    expect((await operator.resume(run)).status).toBe(200);
    expect((await operator.resume(run)).status).toBe(200);
    expect((await operator.ended(run.id)).status).toBe('succeeded');
    expect([at.stub.count('/long'), calls('/again')]).toEqual([1, ['b', 'c']]);
  });

  test('of a run that shall go on: it goes on by itself once nothing is in flight', async ({ expect }) => {
    at.stub.on('/flight', { afterMs: 3000 });
    const run = await start([call('a', '/flight'), call('b', '/by-itself')]);
    await at.stub.called('/flight');
    await operator.pause(run);
    await operator.resume(run);
    expect((await operator.ended(run.id)).status).toBe('succeeded');
    expect([at.stub.count('/flight'), calls('/by-itself')]).toEqual([1, ['b']]);
    expect(await at.api.story(run.id)).not.toContain('run_paused');
  });

  test('while the last step is in flight: the run succeeds; while a step is about to fail: it fails once it goes on', async ({
    expect,
  }) => {
    at.stub.on('/last', { afterMs: 3000 });
    at.stub.on('/fails', { afterMs: 3000, status: 500 });
    const [last, fails] = [await start([call('a', '/last')]), await start([call('a', '/fails'), call('b', '/never')])];
    await Promise.all([at.stub.called('/last'), at.stub.called('/fails')]);
    await Promise.all([operator.pause(last), operator.pause(fails)]);
    expect((await operator.ended(last.id)).status).toBe('succeeded');
    await operator.isPaused(fails.id);
    await operator.resume(fails);
    expect(await operator.ended(fails.id)).toMatchObject({ status: 'failed', error: { name: 'HttpServerError', step: 'a' } });
    expect([at.stub.count('/fails'), at.stub.count('/never')]).toEqual([1, 0]);
  });

  test('of a run that has ended is refused with its state; resume of one that is not paused changes nothing', async ({
    expect,
  }) => {
    const done = await at.api.through({ steps: [{ id: 'a', set: {} }] });
    for (const verb of ['pause', 'resume', 'stop'] as const) {
      expect(await operator.command(done, verb)).toMatchObject({
        status: 409,
        body: { details: [{ name: 'status', value: 'succeeded' }] },
      });
    }
    const run = await start([{ id: 'w', wait: '1h' }]);
    expect((await operator.resume(run)).status).toBe(200);
    expect((await operator.look(run.id)).pause).toBeNull();
    await operator.stop(run);
    expect(await operator.resume(run)).toMatchObject({ status: 409, body: { details: [{ name: 'status', value: 'stopped' }] } });
  });
});
