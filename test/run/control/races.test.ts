import '../../harness/quiet.ts';
import { describe, test } from 'vitest';
import { pauseRun } from '../../../shared/run/control/pause-run.ts';
import { resumeRun } from '../../../shared/run/control/resume-run.ts';
import { stopRun } from '../../../shared/run/control/stop-run.ts';
import { anActor } from '../../harness/builders.ts';
import { setting } from '../setting.ts';
import { engine, later, swept, withoutExecutions } from '../setting-engine.ts';
import { operatorOf, settled } from './operator.ts';

const at = setting();
const operator = operatorOf(() => at.api);

const call = (id: string, path: string, more: object = {}) => ({
  id,
  http: { method: 'POST', url: at.stub.url + path, body: {} },
  ...more,
});
const start = async (steps: object[], more: object = {}) => at.api.start(await at.api.publish({ steps, ...more }));
const waits = () => start([{ id: 'w', wait: '1h' }, call('after', '/after-wait')]);
const ends = async (id: string) =>
  (await at.api.story(id)).filter((line) => /^run_(succeeded|failed|cancelled|timed_out)/.test(line));
describe.concurrent('races', { timeout: 90_000 }, () => {
  test('stop against the end of the run: it ends once, and the answer tells which', async ({ expect }) => {
    for (const delay of [0, 20, 60]) {
      const run = await start([call('a', '/race/stop'), { id: 'b', set: {} }]);
      await new Promise((resolve) => setTimeout(resolve, delay));
      const { status } = await operator.stop(run);
      const ended = await operator.ended(run.id);
      expect([status, ended.status]).toEqual(ended.status === 'stopped' ? [202, 'stopped'] : [409, 'succeeded']);
      expect(await ends(run.id)).toHaveLength(1);
    }
  });

  test('two stops at once: both are answered, the run ends once, one reason stands', async ({ expect }) => {
    const run = await waits();
    const replies = await Promise.all(['one', 'two', 'three'].map((reason) => operator.stop(run, { reason })));
    expect(replies.every(({ status }) => status === 202 || status === 409)).toBe(true);
    expect(replies.some(({ status }) => status === 202)).toBe(true);
    const ended = await operator.ended(run.id);
    expect(ended).toMatchObject({ status: 'stopped', reason: expect.stringMatching(/one|two|three/) });
    expect(ended.stop?.reason).toBe(ended.reason);
    expect(await ends(run.id)).toEqual(['run_cancelled']);
  });

  test('resume against stop: the stop holds whoever comes first, and nothing goes on after it', async ({ expect }) => {
    const runs = await Promise.all([waits(), waits(), waits()]);
    await Promise.all(runs.map((run) => operator.pause(run).then(() => operator.isPaused(run.id))));
    await Promise.all(
      runs.map(async (run, n) => {
        const [resumed, stopped] = await Promise.all([
          operator.resume(run),
          operator.stop(run, n === 0 ? {} : { mode: 'graceful' }),
        ]);
        expect([200, 409]).toContain(resumed.status);
        expect(stopped.status).toBe(202);
        expect((await operator.ended(run.id)).status).toBe('stopped');
        expect(await ends(run.id)).toEqual(['run_cancelled']);
      }),
    );
    expect(at.stub.count('/after-wait')).toBe(0);
  });

  test('pause against resume, many times over: the run is paused or goes on, and comes to its end', async ({ expect }) => {
    const run = await start([{ id: 'w', wait: '2s' }, call('after', '/after-many')]);
    for (let n = 0; n < 4; n++)
      await Promise.all([operator.pause(run), operator.resume(run), operator.pause(run), operator.resume(run)]);
    const open = await operator.until(
      run.id,
      (one) => settled(one) || one.status === 'paused' || (!one.pausing && one.status === 'running'),
    );
    if (open.status === 'paused') await operator.resume(run);
    expect((await operator.ended(run.id)).status).toBe('succeeded');
    expect(at.stub.count('/after-many')).toBe(1);
  });

  test('pause asked anew in the moment in which the run would go on: the newer pause holds', async ({ expect }) => {
    const own = engine();
    at.stub.on('/before-newer-pause', { afterMs: 700 });
    const run = await start([call('before', '/before-newer-pause'), call('after', '/after-newer-pause')]);
    await at.stub.called('/before-newer-pause');
    await operator.pause(run);
    await operator.isPaused(run.id);
    await resumeRun(withoutExecutions(own), await own.run(run.id), anActor('ann'));
    expect(await operator.pause(run)).toMatchObject({ status: 200, body: { pausing: true } });
    await swept(later(own, 31_000));
    expect((await operator.look(run.id)).status).toBe('paused');
    expect(at.stub.count('/after-newer-pause')).toBe(0);
    await operator.resume(run);
    expect((await operator.ended(run.id)).status).toBe('succeeded');
    expect(at.stub.count('/after-newer-pause')).toBe(1);
  });

  test('publish during a run: it ends on the definition that it began with', async ({ expect }) => {
    at.stub.on('/race/publish', { afterMs: 1200 });
    const id = await at.api.draft({ name: `moving-${process.pid}`, steps: [call('a', '/race/publish')], output: { v: 1 } });
    await at.api.publishDraft(id);
    const run = await at.api.start(id);
    await at.stub.called('/race/publish');
    await operator.pause(run);
    await at.api.expect(200, 'PUT', `/v1/workflows/${id}/draft`, {
      definition: { format: 1, name: `moving-${process.pid}`, steps: [{ id: 'b', set: {} }], output: { v: 2 } },
    });
    await at.api.publishDraft(id);
    const ended = await operator.until(run.id, (one) => settled(one) || one.status === 'paused');
    if (ended.status === 'paused') await operator.resume(run);
    expect(await operator.ended(run.id)).toMatchObject({ status: 'succeeded', version: 1, outputs: { v: 1 } });
    expect((await operator.ended((await at.api.start(id)).id)).outputs).toEqual({ v: 2 });
  });

  test('what is asked twice changes nothing: pause, resume, stop', async ({ expect }) => {
    const own = engine();
    const run = await waits();
    await Promise.all([1, 2, 3].map(async () => pauseRun(own, await own.run(run.id), anActor('ann'))));
    await Promise.all([1, 2, 3].map(async () => resumeRun(own, await own.run(run.id), anActor('ann'))));
    await Promise.allSettled(
      [1, 2, 3].map(async () => stopRun(own, await own.run(run.id), { mode: 'immediate', actor: anActor('ann') })),
    );
    expect(await ends(run.id)).toEqual(['run_cancelled']);
    const story = await at.api.story(run.id);
    expect(story.filter((line) => /^run_(pausing|paused|resumed)/.test(line))).toEqual([
      'run_pausing',
      'run_paused',
      'run_resumed',
    ]);
  });
});
