import { describe, test } from 'vitest';
import { setting } from '../setting.ts';
import { operatorOf } from './operator.ts';

const at = setting();
const operator = operatorOf(() => at.api);

const call = (id: string, path: string, more: object = {}) => ({
  id,
  http: { method: 'POST', url: at.stub.url + path, body: {} },
  ...more,
});
const start = async (steps: object[], more: object = {}) => at.api.start(await at.api.publish({ steps, ...more }));

describe.concurrent('stop, now', { timeout: 90_000 }, () => {
  test('aborts the calls in flight, tells cancelled from blocked, and says who and why', async ({ expect }) => {
    at.stub.on('/hang', 'hang');
    const run = await start([
      call('a', '/before'),
      { id: 'both', parallel: { x: [call('x', '/hang'), call('x2', '/behind')], y: [{ id: 'w', wait: '1h' }] } },
      call('last', '/behind'),
    ]);
    await at.stub.called('/hang');
    const stopped = await operator.stop(run, { reason: 'wrong file' });
    expect(stopped).toMatchObject({
      status: 202,
      body: {
        status: 'stopped',
        reason: 'wrong file',
        stop: { mode: 'immediate', by: 'first key', reason: 'wrong file' },
        error: null,
      },
    });
    await at.stub.hungUp('/hang');
    const context = await at.api.context(run.id);
    expect(context['x']).toMatchObject({ status: 'cancelled', error: { name: 'RUN_STOPPED' } });
    expect(context['w']).toMatchObject({ status: 'cancelled', error: { name: 'RUN_STOPPED' } });
    expect(await at.api.fates(run.id)).toMatchObject({
      a: 'succeeded',
      both: 'cancelled',
      x2: 'skipped/blocked',
      last: 'skipped/blocked',
    });
    expect(at.stub.count('/behind')).toBe(0);
    expect((await at.api.events(run.id)).at(-1)).toMatchObject({
      type: 'run_cancelled',
      message: 'Stopped by first key: wrong file',
    });
  });

  test('the server that is called sees its connection close within 3 s', async ({ expect }) => {
    at.stub.on('/close', 'hang');
    const waits: number[] = [];
    // The fastest of some: a busy machine may hold one of them up.
    for (let n = 1; n <= 3; n++) {
      const run = await start([call('a', '/close')]);
      await at.stub.called('/close', n);
      const asked = performance.now();
      await operator.stop(run);
      await at.stub.hungUp('/close', n);
      waits.push(performance.now() - asked);
    }
    expect(Math.min(...waits)).toBeLessThan(3000);
  });

  test('of a paused run ends it at once, as does a graceful one', async ({ expect }) => {
    const runs = [await start([{ id: 'w', wait: '1h' }]), await start([{ id: 'w', wait: '1h' }])];
    for (const [n, run] of runs.entries()) {
      await operator.pause(run);
      await operator.isPaused(run.id);
      const reply = await operator.stop(run, n === 0 ? { reason: 'enough' } : { mode: 'graceful', reason: 'enough' });
      expect(reply).toMatchObject({ status: 202, body: { status: 'stopped', reason: 'enough' } });
      expect(await at.api.fates(run.id)).toEqual({ w: 'cancelled' });
    }
  });
});

describe.concurrent('stop, gracefully', { timeout: 90_000 }, () => {
  test('lets what is in flight complete and count, then ends the run', async ({ expect }) => {
    at.stub.on('/drain', { afterMs: 3000, body: { ok: true } });
    const run = await start([call('a', '/drain', { output: '${ body.ok }' }), call('b', '/drained')]);
    await at.stub.called('/drain');
    await operator.until(run.id, ({ status }) => status === 'running');
    expect(await operator.stop(run, { mode: 'graceful', reason: 'release' })).toMatchObject({
      status: 202,
      body: { status: 'draining', stop: { mode: 'graceful', by: 'first key', reason: 'release', until: expect.any(String) } },
    });
    expect(await operator.pause(run)).toMatchObject({ status: 409, body: { details: [{ name: 'status', value: 'draining' }] } });
    expect(await operator.ended(run.id)).toMatchObject({ status: 'stopped', reason: 'release', error: null });
    expect((await at.api.context(run.id))['a']).toMatchObject({ status: 'succeeded', output: true });
    expect(await at.api.fates(run.id)).toEqual({ a: 'succeeded', b: 'skipped/blocked' });
    expect([at.stub.to('/drain')[0]?.hungUp, at.stub.count('/drained')]).toEqual([false, 0]);
    expect((await at.api.story(run.id)).filter((line) => line.startsWith('run_'))).toEqual([
      'run_created',
      'run_started',
      'run_draining',
      'run_cancelled',
    ]);
  });

  test('past its drain_timeout cancels with DRAIN_TIMEOUT', async ({ expect }) => {
    at.stub.on('/forever', 'hang');
    const run = await start([call('a', '/forever'), call('b', '/drained')]);
    await at.stub.called('/forever');
    await operator.stop(run, { mode: 'graceful', drain_timeout: 2 });
    expect(await operator.ended(run.id)).toMatchObject({ status: 'stopped', error: { name: 'DRAIN_TIMEOUT' } });
    expect((await at.api.context(run.id))['a']).toMatchObject({ status: 'cancelled', error: { name: 'DRAIN_TIMEOUT' } });
    await at.stub.hungUp('/forever');
  });

  test('and then now: now', async ({ expect }) => {
    at.stub.on('/impatient', 'hang');
    const run = await start([call('a', '/impatient')]);
    await at.stub.called('/impatient');
    expect((await operator.stop(run, { mode: 'graceful' })).body).toMatchObject({ status: 'draining' });
    expect((await operator.stop(run, { mode: 'graceful' })).body).toMatchObject({ status: 'draining' });
    expect((await operator.stop(run, { reason: 'now' })).body).toMatchObject({ status: 'stopped', reason: 'now', error: null });
    expect((await at.api.context(run.id))['a']).toMatchObject({ status: 'cancelled', error: { name: 'RUN_STOPPED' } });
    await at.stub.hungUp('/impatient');
  });

  test('in a retry back-off or a wait has nothing in flight: the run ends at once, as stopped', async ({ expect }) => {
    at.stub.on('/broken', { status: 500, afterMs: 700 });
    const run = await start([
      call('again', '/broken', { needs: [], retry: { attempts: 3, delay: '1h' } }),
      { id: 'w', needs: [], wait: '1h' },
    ]);
    await operator.until(run.id, ({ steps }) => steps['pending'] === 1 && at.stub.to('/broken')[0]?.endedAt !== undefined);
    await operator.stop(run, { mode: 'graceful' });
    expect(await operator.ended(run.id)).toMatchObject({ status: 'stopped', error: null });
    const context = await at.api.context(run.id);
    expect([context['again']?.error?.name, context['w']?.error?.name]).toEqual(['RUN_STOPPED', 'RUN_STOPPED']);
  });
});

describe.concurrent('what may not be controlled', { timeout: 90_000 }, () => {
  test('unknown verbs and runs of another workflow, and nothing is done', async ({ expect }) => {
    const run = await start([{ id: 'w', wait: '1h' }]);
    const other = await at.api.publish({ steps: [{ id: 'a', set: {} }] });
    expect((await operator.command(run, 'explode')).status).toBe(400);
    expect((await operator.command({ ...run, workflow_id: other }, 'stop')).status).toBe(404);
    expect((await operator.look(run.id)).status).not.toBe('stopped');
    await operator.stop(run);
  });
});
