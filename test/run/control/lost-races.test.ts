import '../../harness/quiet.ts';
import { beforeEach, describe, expect, test } from 'vitest';
import { pauseRun } from '../../../shared/run/control/pause-run.ts';
import { resumeRun } from '../../../shared/run/control/resume-run.ts';
import { stopRun } from '../../../shared/run/control/stop-run.ts';
import { anActor } from '../../harness/builders.ts';
import { mortal } from '../mortal.ts';
import { setting } from '../setting.ts';
import { driven, engine, heldRun, later, swept, withoutExecutions } from '../setting-engine.ts';
import { operatorOf } from './operator.ts';

const at = setting();
const operator = operatorOf(() => at.api);
let own: ReturnType<typeof engine>;

beforeEach(() => {
  own = engine();
});

const call = (id: string, path: string, more: object = {}) => ({
  id,
  http: { method: 'POST', url: at.stub.url + path, body: {} },
  ...more,
});
const start = async (steps: object[], more: object = {}) => at.api.start(await at.api.publish({ steps, ...more }));
let made = 0;

/** A workflow that others can call by its name. */
async function callee(steps: object[], more: object = {}): Promise<string> {
  made += 1;
  const name = `undone-${process.pid}-${made}`;
  await at.api.publish({ name, steps, ...more });
  return name;
}

/** The engine in a process that dies before such a call for that run. */
const dyingAt = (call: string, id: string) =>
  mortal(own, (moment, name, _, [first]) => moment === 'before' && name === call && JSON.stringify(first)?.includes(id));

/** A run whose driver has died while its first step was in flight. */
async function leftInFlight(path: string): Promise<string> {
  at.stub.on(path, { afterMs: 900 });
  const id = await heldRun(own, await at.api.publish({ steps: [call('a', path), call('b', `${path}/behind`)] }));
  // The step has been announced by then.
  const dies = mortal(own, () => at.stub.to(path).some(({ endedAt }) => endedAt !== undefined));
  await expect(driven(dies, id)).rejects.toThrow('dead');
  return id;
}

describe('what a crash leaves undone', { timeout: 90_000 }, () => {
  test('a pause or a graceful stop whose driver has died: nothing is in flight any more, so the run is paused, or stopped', async () => {
    const [pauses, drains] = [await leftInFlight('/undone/pause'), await leftInFlight('/undone/drain')];
    await pauseRun(own, await own.run(pauses), anActor('ann'));
    await stopRun(own, await own.run(drains), { mode: 'graceful', actor: anActor('ann'), drainSeconds: 3600 });
    await swept(own);
    expect(await operator.look(pauses)).toMatchObject({ pausing: true });
    expect(await operator.look(drains)).toMatchObject({ status: 'draining' });

    await swept(later(own, 62_000));
    expect(await operator.look(pauses)).toMatchObject({ status: 'paused', pause: { actor: anActor('ann') } });
    expect(await operator.look(drains)).toMatchObject({ status: 'stopped', error: null });
    expect(await at.api.context(drains)).toMatchObject({ a: { status: 'cancelled', error: { name: 'RUN_STOPPED' } } });

    await resumeRun(own, await own.run(pauses), anActor('ann'));
    expect((await operator.ended(pauses)).status).toBe('succeeded');
    const counts = ['/undone/pause', '/undone/pause/behind', '/undone/drain', '/undone/drain/behind'].map((path) =>
      at.stub.count(path),
    );
    expect(counts).toEqual([2, 1, 1, 0]);
  });

  test('a resume whose execution was not started: the sweeper starts the next', async () => {
    at.stub.on('/undone/resume', { afterMs: 600 });
    const run = await start([call('a', '/undone/resume'), { id: 'b', set: {} }]);
    await at.stub.called('/undone/resume');
    await operator.pause(run);
    await operator.isPaused(run.id);
    await resumeRun(withoutExecutions(own), await own.run(run.id), anActor('ann'));
    await swept(later(own, 62_000));
    expect((await operator.ended(run.id)).status).toBe('succeeded');
    expect(at.stub.count('/undone/resume')).toBe(1);
  });

  test('a child whose parent has not heard of its end: the sweeper tells it, for another attempt and for a handler', async () => {
    const name = await callee([{ id: 'w', wait: '1h' }]);
    const mend = { id: 'mend', set: { ok: true } };
    const run = await start([
      { id: 'child', run: { workflow: name }, retry: { attempts: 2, delay: '1s' }, catch: [{ steps: [mend] }] },
    ]);
    for (const n of [1, 2]) {
      const { children } = await operator.until(run.id, (one) => one.children.length === n && one.steps['waiting'] === 1);
      const child = children[0]?.id ?? '';
      await operator.until(child, ({ status }) => status === 'waiting');
      const stop = { mode: 'immediate', actor: anActor('ann') } as const;
      await expect(stopRun(dyingAt('load', run.id), await own.run(child), stop)).rejects.toThrow('dead');
      expect((await at.api.step(run.id, 'child'))?.status).toBe('waiting');
      await swept(later(own, 62_000));
      expect((await operator.look(child)).status).toBe('stopped');
    }
    expect(await operator.ended(run.id)).toMatchObject({ status: 'succeeded' });
    expect(await at.api.context(run.id)).toMatchObject({
      child: { status: 'failed', attempts: 2, error: { name: 'ChildRunFailed' } },
      mend: { status: 'succeeded' },
    });
  });

  test('a child that was named and not started: the driver that comes next starts that very one', async () => {
    const name = await callee([{ id: 'a', set: { ok: true } }], { output: { ok: '${ $steps.a.ok }' } });
    const id = await heldRun(
      own,
      await at.api.publish({ steps: [{ id: 'child', run: { workflow: name } }], output: { ok: '${ $steps.child.ok }' } }),
    );
    await expect(driven(dyingAt('create', ''), id)).rejects.toThrow('dead');
    const named = (await at.api.step(id, 'child'))?.child ?? '';
    expect((await at.api.call('GET', `/v1/runs/${named}`)).status).toBe(404);
    await swept(later(own, 62_000));
    expect(await operator.ended(id)).toMatchObject({
      status: 'succeeded',
      outputs: { ok: true },
      children: [{ id: named, status: 'succeeded' }],
    });
  });

  test('a stop that was written before its row could show it: who asks again hears that the run has ended, and sees it', async () => {
    const run = await start([{ id: 'w', wait: '1h' }]);
    await operator.until(run.id, ({ status }) => status === 'waiting');
    const dies = mortal(own, (moment, name) => moment === 'after' && name === 'append');
    await expect(stopRun(dies, await own.run(run.id), { mode: 'immediate', actor: anActor() })).rejects.toThrow('dead');
    expect((await operator.look(run.id)).status).toBe('waiting');
    expect(await operator.stop(run)).toMatchObject({ status: 409 });
    expect((await operator.look(run.id)).status).toBe('stopped');
  });

  test('a stopped run whose child was left running: the sweeper stops the child', async () => {
    const name = await callee([{ id: 'w', wait: '1h' }]);
    const run = await start([{ id: 'child', run: { workflow: name } }]);
    const child = await operator.child(run.id);
    await operator.until(run.id, ({ status }) => status === 'waiting');
    const stop = { mode: 'immediate', actor: anActor('ann'), reason: 'enough' } as const;
    await expect(stopRun(dyingAt('load', child.id), await own.run(run.id), stop)).rejects.toThrow('dead');
    expect((await operator.look(child.id)).status).not.toBe('stopped');
    await swept(later(own, 62_000));
    expect(await operator.look(run.id)).toMatchObject({ status: 'stopped', reason: 'enough' });
    expect((await operator.ended(child.id)).status).toBe('stopped');
  });

  test('a parent that waits and was told of the end, and whose execution nobody asked for: the sweeper does', async () => {
    const name = await callee([{ id: 'w', wait: '1h' }]);
    const mend = { id: 'mend', set: { ok: true } };
    const run = await start([{ id: 'child', run: { workflow: name }, catch: [{ steps: [mend] }] }]);
    const child = await operator.child(run.id);
    await operator.until(run.id, ({ status }) => status === 'waiting');
    await operator.until(child.id, ({ status }) => status === 'waiting');
    const dies = mortal(own, (moment, name, _, [first]) => moment === 'after' && name === 'append' && first === run.id);
    await expect(stopRun(dies, await own.run(child.id), { mode: 'immediate', actor: anActor('ann') })).rejects.toThrow('dead');
    await swept(later(own, 62_000));
    expect(await operator.ended(run.id)).toMatchObject({ status: 'succeeded' });
    expect((await operator.look(child.id)).status).toBe('stopped');
  });

  test('the same between the moment a driver leaves its run and the moment the row shows it', async () => {
    const name = await callee([{ id: 'w', wait: '1h' }]);
    const mend = { id: 'mend', set: { ok: true } };
    const steps = [{ id: 'child', run: { workflow: name }, catch: [{ steps: [mend] }] }];
    const id = await heldRun(own, await at.api.publish({ steps }));
    const dies = mortal(own, (moment, name, _, [first]) => moment === 'after' && name === 'append' && first === id);
    let between = 0;
    const project: typeof own.runs.project = async (...row) => {
      const left = (await own.runs.load(id))?.entries.at(-1);
      // A driver that takes half a second writes the row twice by then: once because the run is that old, once because it leaves.
      if (row[0].id === id && left?.type === 'driver_left' && between === 0) {
        between += 1;
        const child = await operator.child(id);
        const stop = stopRun(dies, await own.run(child.id), { mode: 'immediate', actor: anActor('ann') });
        await expect(stop).rejects.toThrow('dead');
      }
      return own.runs.project(...row);
    };
    const runs = new Proxy(own.runs, { get: (all, key) => (key === 'project' ? project : Reflect.get(all, key).bind(all)) });
    await driven({ ...own, runs }, id);
    expect(between).toBe(1);
    await swept(later(own, 62_000));
    expect(await operator.ended(id)).toMatchObject({ status: 'succeeded' });
  });
});
