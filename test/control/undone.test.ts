import { describe, expect, test, vi } from 'vitest';
import { newId } from '../../shared/id.ts';
import { resumeRun } from '../../shared/run/control/resume-run.ts';
import { walkName } from '../../shared/run/model/run.ts';
import { settleRun } from '../../shared/run/settle-run.ts';
import { startRun } from '../../shared/run/start/start-run.ts';
import { sweep } from '../../shared/run/sweep/sweep.ts';
import { aRow } from '../builders.ts';
import { setting } from '../run/setting.ts';
import { engine } from '../run/setting-engine.ts';
import { operatorOf } from './operator.ts';

const at = setting();
const operator = operatorOf(() => at.api);

const call = (id: string, path: string, more: object = {}) => ({
  id,
  http: { method: 'POST', url: at.stub.url + path, body: {} },
  ...more,
});
const start = async (steps: object[], more: object = {}) => at.api.start(await at.api.publish({ steps, ...more }));
const waits = () => start([{ id: 'w', wait: '1h' }, call('after', '/after-wait')]);
const _ends = async (id: string) =>
  (await at.api.story(id)).filter((line) => /^run_(succeeded|failed|cancelled|timed_out)/.test(line));
const later = (own: ReturnType<typeof engine>, ms: number) => ({
  ...own,
  runs: own.runs,
  walks: own.walks,
  now: () => new Date(Date.now() + ms),
});

describe('what a crash leaves undone', { timeout: 90_000 }, () => {
  test('a pause whose walk nobody ended: the sweeper ends it and parks the run', async () => {
    const own = engine();
    const run = await waits();
    await operator.until(run.id, ({ steps }) => steps['running'] === 1);
    const row = await own.run(run.id);
    const old = new Date(Date.now() - 5000).toISOString();
    await own.runs.requestPause(row, { by: 'ann', at: old }, old);
    expect(await own.walks.status(row.machine, walkName(row))).toBe('running');
    expect((await sweep(own)).failed).toEqual([]);
    expect(await operator.isPaused(run.id)).toMatchObject({ pause: { by: 'ann' } });
    expect(await own.walks.status(row.machine, walkName(row))).toBe('aborted');
    await operator.stop(run);
  });

  test('a step whose worker died: the run pauses when its time is over, or drains; and goes on with another attempt', async () => {
    const own = engine();
    const [pauses, drains] = [await waits(), await waits()];
    for (const run of [pauses, drains]) {
      await operator.until(run.id, ({ steps }) => steps['running'] === 1);
      await own.runs.putStep(
        run.id,
        aRow('after', { status: 'running', heldUntil: new Date(Date.now() + 40_000).toISOString() }),
      );
    }
    await operator.pause(pauses);
    await operator.stop(drains, { mode: 'graceful', drain_timeout: 3600 });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await sweep(later(own, 31_000));
    expect(await operator.look(pauses.id)).toMatchObject({ pausing: true });
    expect(await operator.look(drains.id)).toMatchObject({ status: 'draining' });
    await sweep(later(own, 62_000));
    expect((await operator.look(pauses.id)).status).toBe('paused');
    expect(await operator.look(drains.id)).toMatchObject({ status: 'stopped', error: null });
    expect((await at.api.context(drains.id))['after']).toMatchObject({ status: 'cancelled', error: { name: 'RUN_STOPPED' } });
    await operator.stop(pauses);
  });

  test('a resume whose walk was not started: the sweeper starts it', async () => {
    const own = engine();
    const run = await start([
      { id: 'w', wait: '1s' },
      { id: 'b', set: {} },
    ]);
    await operator.pause(run);
    await operator.isPaused(run.id);
    const lost = {
      ...own,
      runs: own.runs,
      walks: { ...own.walks, start: () => Promise.reject(new Error('lost')), stop: vi.fn() },
      watcher: { ...own.watcher, startLost: () => {} },
    };
    await resumeRun(lost as never, await own.run(run.id), 'ann');
    await sweep(later(own, 6 * 60_000));
    expect((await operator.ended(run.id)).status).toBe('succeeded');
  });

  test('a run whose walk cannot be started is given up as RUN_STALLED after 15 minutes, not before', async () => {
    const own = engine();
    const broken = {
      start: () => Promise.reject(new Error('StateMachineDoesNotExist')),
      stop: async () => {},
      status: async () => undefined,
      answer: async () => {},
    };
    const workflowId = await at.api.publish({ steps: [{ id: 'a', set: {} }] });
    const lost = { ...own, runs: own.runs, walks: broken, watcher: { ...own.watcher, startLost: () => {} } };
    const { run } = await startRun(lost, {
      workspace: 'local',
      workflowId,
      stage: 'Published',
      inputs: {},
      fileIds: [],
      trigger: 'api',
    });
    const at14 = await sweep({ ...later(own, 14 * 60_000), walks: broken });
    expect(at14.failed.map(({ id }) => id)).toContain(run.id);
    await sweep({ ...later(own, 16 * 60_000), walks: broken });
    expect(await operator.look(run.id)).toMatchObject({
      status: 'failed',
      error: { name: 'RUN_STALLED' },
      steps: { skipped: 0, cancelled: 1 },
    });
  });

  test('a child whose parent did not hear of its end: the sweeper tells it', async () => {
    const own = engine();
    const name = `unheard-${process.pid}`;
    await at.api.publish({ name, steps: [{ id: 'w', wait: '1h' }] });
    const run = await start([{ id: 'child', run: { workflow: name }, catch: [{ steps: [{ id: 'mend', set: { ok: true } }] }] }]);
    const child = await operator.child(run.id);
    await operator.until(run.id, ({ steps }) => steps['waiting'] === 1);
    const deaf = {
      ...own,
      runs: new Proxy(own.runs, {
        get: (runs, name) =>
          name === 'load' ? async () => ({ run: undefined, steps: new Map() }) : Reflect.get(runs, name).bind?.(runs),
      }),
    };
    await settleRun(deaf as never, await own.run(child.id), {
      kind: 'failed',
      error: { name: 'Bad', message: 'no', step: null },
    });
    expect((await operator.look(run.id)).steps['waiting']).toBe(1);
    await sweep(later(own, 10 * 60_000));
    expect(await operator.ended(run.id)).toMatchObject({ status: 'succeeded' });
    expect((await at.api.context(run.id))['mend']).toMatchObject({ status: 'succeeded' });
  });

  test('a failure of a child that was written down and not answered: the sweeper answers again, for a retry and for the end', async () => {
    const own = engine();
    const name = `unanswered-${process.pid}`;
    await at.api.publish({ name, steps: [{ id: 'w', wait: '1h' }] });
    const run = await start([{ id: 'child', run: { workflow: name }, retry: { attempts: 2, delay: '1s' } }]);
    const lost = { answer: () => Promise.reject(new Error('lost')) };
    for (const n of [1, 2]) {
      const { children } = await operator.until(run.id, (one) => one.children.length === n && one.steps['waiting'] === 1);
      const child = await own.run(children[0]?.id ?? '');
      const failing = settleRun({ ...own, runs: own.runs, walks: lost } as never, child, {
        kind: 'failed',
        error: { name: 'Bad', message: 'no', step: null },
      });
      await expect(failing).rejects.toThrow('lost');
      expect((await at.api.context(run.id))['child']?.status).toBe(n === 1 ? 'pending' : 'failed');
      await sweep(later(own, 10 * 60_000 * n));
    }
    expect(await operator.ended(run.id)).toMatchObject({ status: 'failed', error: { name: 'ChildRunFailed' } });
    expect((await operator.look(run.id)).children).toHaveLength(2);
  });

  test('a child that was noted and not started: the walk that comes back starts that very one', async () => {
    const own = engine();
    const name = `noted-${process.pid}`;
    await at.api.publish({ name, steps: [{ id: 'a', set: { ok: true } }], output: { ok: '${ $steps.a.ok }' } });
    const run = await start(
      [
        { id: 'w', wait: '1s' },
        { id: 'child', run: { workflow: name } },
      ],
      { output: { ok: '${ $steps.child.ok }' } },
    );
    await operator.pause(run);
    await operator.isPaused(run.id);
    const id = newId();
    await own.runs.putStep(
      run.id,
      aRow('child', { status: 'waiting', child: id, token: 'of a walk that is gone', startedAt: new Date().toISOString() }),
    );
    await operator.resume(run);
    expect(await operator.ended(run.id)).toMatchObject({
      status: 'succeeded',
      outputs: { ok: true },
      children: [{ id, status: 'succeeded' }],
    });
  });

  test('a stopped run whose child was left running: settling it again stops the child', async () => {
    const own = engine();
    const name = `orphan-${process.pid}`;
    await at.api.publish({ name, steps: [{ id: 'w', wait: '1h' }] });
    const run = await start([{ id: 'child', run: { workflow: name } }]);
    const child = await operator.child(run.id);
    await operator.until(run.id, ({ steps }) => steps['waiting'] === 1);
    const row = (await own.runs.steps(run.id)).find(({ key }) => key === 'child');
    if (!row) throw new Error('no row');
    // The step was closed, then came the crash.
    await own.runs.putStep(run.id, { ...row, status: 'cancelled' });
    await operator.stop(run);
    expect((await operator.ended(child.id)).status).toBe('stopped');
  });
});
