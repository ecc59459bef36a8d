import '../harness/quiet.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { isMap } from '../../shared/kernel/is-map.ts';
import { stopRun } from '../../shared/run/control/stop-run.ts';
import { sweep } from '../../shared/run/sweep/sweep.ts';
import { anActor } from '../harness/builders.ts';
import { mortal } from './mortal.ts';
import { setting } from './setting.ts';
import { driven, engine, heldRun, later, swept, withoutExecutions } from './setting-engine.ts';

const at = setting();
let own: ReturnType<typeof engine>;

beforeEach(() => {
  own = engine();
});

const call = (id: string, path: string, more: object = {}) => ({
  id,
  http: { method: 'POST', url: at.stub.url + path, body: {} },
  ...more,
});
const ends = async (id: string) =>
  (await at.api.story(id)).filter((line) => /^run_(succeeded|failed|cancelled|timed_out)/.test(line));
const held = async (steps: object[], more: object = {}) => heldRun(own, await at.api.publish({ steps, ...more }));
const isEnd = (projection: unknown) => isMap(projection) && projection['endedAt'] !== undefined;
const enough = { mode: 'immediate', actor: anActor('test'), reason: 'enough' } as const;

describe('the sweeper', () => {
  test('starts a run whose start was lost, when it has waited long enough, once', async () => {
    const id = await held([call('a', '/lost'), { id: 'b', set: { n: 1 } }], { output: { n: '${ $steps.b.n }' } });
    await swept(own);
    expect((await own.run(id)).execution).toBe(1);
    // They start when all have looked: by the clock of the sweepers a driver of now is half a minute old.
    const started: Parameters<typeof own.executions.start>[] = [];
    const noting = {
      ...later(own, 31_000),
      executions: { start: async (...one: (typeof started)[0]) => void started.push(one) },
    };
    await Promise.all([1, 2, 3].map(() => swept(noting)));
    expect(started).toHaveLength(1);
    for (const one of started) await own.executions.start(...one);
    expect(await at.api.ended(id)).toMatchObject({ status: 'succeeded', outputs: { n: 1 } });
    expect([at.stub.count('/lost'), (await own.run(id)).execution]).toEqual([1, 2]);
  });

  test('shows an end that is in the journal and not in the row: succeeded, failed, stopped', async () => {
    const good = await held([call('a', '/unshown')], { output: { ok: true } });
    const bad = await held([
      { id: 'a', raise: { error: 'Bad', message: 'no' } },
      { id: 'b', set: {} },
    ]);
    const stopped = await held([call('a', '/unshown')]);
    // A call that takes its time on a busy machine is shown as well, before the end.
    const dies = () => mortal(own, (moment, name, _, [, next]) => moment === 'before' && name === 'project' && isEnd(next));
    for (const id of [good, bad]) await expect(driven(dies(), id)).rejects.toThrow('dead');
    await expect(stopRun(dies(), await own.run(stopped), enough)).rejects.toThrow('dead');
    for (const id of [good, bad, stopped]) expect(['pending', 'running']).toContain((await at.api.run(id)).status);

    await swept(later(own, 20 * 60_000));
    expect(await at.api.run(good)).toMatchObject({ status: 'succeeded', outputs: { ok: true } });
    expect(await at.api.run(bad)).toMatchObject({
      status: 'failed',
      error: { name: 'Bad', step: 'a' },
      steps: { failed: 1, skipped: 1 },
    });
    expect(await at.api.run(stopped)).toMatchObject({ status: 'stopped', reason: 'enough' });
    for (const id of [good, bad, stopped]) expect(await ends(id)).toHaveLength(1);
  });

  test('leaves a run alone whose driver lives, however long a step takes', async () => {
    at.stub.on('/alive', { afterMs: 2500 });
    const id = await held([call('a', '/alive')]);
    const driving = driven(later(own, 20_000), id);
    await at.stub.called('/alive');
    await vi.waitUntil(async () => Date.parse((await own.run(id)).dueAt ?? '') > Date.now() + 60_000, { timeout: 10_000 });
    await swept(later(own, 60_000));
    expect((await own.run(id)).execution).toBe(1);
    expect((await driving).next).toBe('done');
    expect([(await own.run(id)).status, at.stub.count('/alive')]).toEqual(['succeeded', 1]);
  });

  test('times out a run past its deadline', async () => {
    const run = await at.api.start(await at.api.publish({ timeout: '${ 3600 }', steps: [{ id: 'w', wait: '2h' }] }));
    await at.api.until(run.id, ({ status }) => status === 'waiting');
    await swept(later(own, 3_700_000));
    expect(await at.api.run(run.id)).toMatchObject({ status: 'timed_out', steps: { cancelled: 1 } });
  });

  test('never gives up a run whose execution cannot be started: as soon as one can, it goes on', async () => {
    const id = await held([call('a', '/not-given-up')]);
    for (const minutes of [1, 5, 16, 60, 600]) {
      await swept(later(withoutExecutions(own), minutes * 60_000));
      expect((await at.api.run(id)).status).toBe('pending');
    }
    await swept(later(own, 700 * 60_000));
    expect((await at.api.ended(id)).status).toBe('succeeded');
    expect(at.stub.count('/not-given-up')).toBe(1);
  });

  test('what cannot be dealt with comes again later and holds up no other', async () => {
    const [broken, fine] = [await held([call('a', '/broken')]), await held([call('a', '/fine')])];
    const load = (id: string) => (id === broken ? Promise.reject(new Error('too large')) : own.runs.load(id));
    const get = (runs: typeof own.runs, name: PropertyKey) => (name === 'load' ? load : Reflect.get(runs, name).bind(runs));
    const failing = { ...own, runs: new Proxy(own.runs, { get }) };
    const before = (await own.run(broken)).dueAt ?? '';
    const { failed } = await sweep(later(failing, 31_000), new Date(Date.now() + 91_000));
    expect(failed.map(({ id }) => id)).toEqual([broken]);
    expect((await own.run(broken)).dueAt?.localeCompare(before)).toBe(1);
    expect((await at.api.ended(fine)).status).toBe('succeeded');
    await stopRun(own, await own.run(broken), enough);
  });
});

test('the row of a long run follows what comes of it within seconds, while a step is in flight', async () => {
  at.stub.on('/row/a', { afterMs: 700 });
  at.stub.on('/row/b', { afterMs: 2200 });
  const id = await held([call('a', '/row/a'), call('b', '/row/b')]);
  const begun = Date.now();
  const faster = { ...own, now: () => new Date(begun + (Date.now() - begun) * 7) };
  const driving = driven(faster, id);
  await at.stub.called('/row/b');
  await vi.waitUntil(async () => (await own.run(id)).steps.succeeded === 1, { timeout: 1_800 });
  expect(await own.run(id)).toMatchObject({ status: 'running', steps: { succeeded: 1, running: 1, pending: 0 } });
  expect((await driving).next).toBe('done');
});

describe('two drivers of one run', () => {
  test('an Express execution that is delivered twice, at once or later, does nothing twice', async () => {
    at.stub.on('/twice', { afterMs: 100 });
    const steps = ['a', 'b', 'c'].map((id) => call(id, `/twice/${id}`));
    const id = await held([call('first', '/twice', { repeatable: false }), ...steps]);
    const input = { run: id, execution: 1 };
    const deliver = () => own.executions.start('express', `${id}-1`, input);
    await Promise.all([deliver(), deliver(), deliver()]);
    await at.stub.called('/twice/a');
    await deliver();
    expect(await at.api.ended(id)).toMatchObject({ status: 'succeeded' });
    await deliver();
    expect(['', '/a', '/b', '/c'].map((path) => at.stub.count(`/twice${path}`))).toEqual([1, 1, 1, 1]);
    expect(await at.api.story(id)).toEqual([
      'run_created',
      'run_started',
      ...['first', 'a', 'b', 'c'].flatMap((step) => [`step_started ${step}`, `step_completed ${step}`]),
      'run_succeeded',
    ]);
  });

  test('many that begin in the same moment: one drives, the others leave, and the log has one order', async () => {
    at.stub.on('/many', (_, n) => ({ afterMs: 50 * n, body: n }));
    const id = await held(
      [call('first', '/many'), { id: 'n', set: { n: '${ $steps.first.body }' } }, call('then', '/many/then')],
      {
        output: { n: '${ $steps.n.n }' },
      },
    );
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => driven(own, id)));
    expect(answers.map(({ next }) => next)).toEqual(Array(5).fill('done'));
    expect(at.stub.count('/many')).toBeLessThanOrEqual(5);
    expect(at.stub.count('/many/then')).toBe(1);
    const run = await at.api.run(id);
    expect(run.status).toBe('succeeded');
    expect((await at.api.step(id, 'first'))?.output).toMatchObject({ body: run.outputs?.['n'] });
    const ids = (await at.api.events(id)).map((event) => event.id);
    expect(ids).toEqual([...new Set(ids)].toSorted((a, b) => a - b));
    expect((await at.api.story(id)).filter((line) => /^(step_completed|run_succeeded)/.test(line))).toEqual([
      'step_completed first',
      'step_completed n',
      'step_completed then',
      'run_succeeded',
    ]);
  });

  test('one of an older execution does nothing, once a newer one has been asked for', async () => {
    const id = await held([call('a', '/older')]);
    await swept(later({ ...own, executions: { start: async () => {} } }, 31_000));
    expect((await own.run(id)).execution).toBe(2);
    expect(await driven(own, id, { execution: 1 })).toMatchObject({ next: 'done' });
    expect([(await at.api.run(id)).status, at.stub.count('/older')]).toEqual(['pending', 0]);
    expect(await driven(own, id, { execution: 2 })).toMatchObject({ next: 'done' });
    expect([(await at.api.run(id)).status, at.stub.count('/older')]).toEqual(['succeeded', 1]);
  });

  test('one that comes back after the run has ended changes nothing', async () => {
    at.stub.on('/late-writer', { afterMs: 400 });
    const id = await held([call('a', '/late-writer'), { id: 'b', set: {} }]);
    const driving = driven(own, id);
    await at.stub.called('/late-writer');
    await stopRun(own, await own.run(id), enough);
    const before = [await at.api.run(id), await at.api.context(id), await at.api.events(id)];
    expect(await driving).toMatchObject({ next: 'done' });
    expect(await driven(own, id)).toMatchObject({ next: 'done' });
    expect([await at.api.run(id), await at.api.context(id), await at.api.events(id)]).toEqual(before);
    expect(await at.api.fates(id)).toEqual({ a: 'cancelled', b: 'skipped/blocked' });
  });

  test('an end, a stop and a deadline in the same moment: the run ends once', async () => {
    at.stub.on('/three-sides', { afterMs: 30 });
    for (let round = 0; round < 5; round++) {
      const id = await held([call('a', '/three-sides')], { timeout: '60s' });
      const run = await own.run(id);
      const driving = driven(own, id);
      await sleep(20 + round * 10);
      await Promise.allSettled([driving, stopRun(own, run, enough), swept(later(own, 61_000)), swept(later(own, 61_000))]);
      const now = await at.api.run(id);
      expect(['succeeded', 'stopped', 'timed_out']).toContain(now.status);
      expect(await ends(id)).toHaveLength(1);
      expect(now.outputs === null).toBe(now.status !== 'succeeded');
    }
  });
});

describe('an execution that ends for a reason of infrastructure', () => {
  test('fails nothing: the next driver goes on where it stood', async () => {
    const id = await held([call('a', '/infra/a'), call('b', '/infra/b')]);
    const dies = mortal(own, (moment) => moment === 'before' && at.stub.count('/infra/b') > 0);
    await expect(driven(dies, id)).rejects.toThrow('dead');
    expect((await at.api.run(id)).error).toBeNull();
    await swept(later(own, 31_000));
    expect(await at.api.ended(id)).toMatchObject({ status: 'succeeded', error: null });
    expect([at.stub.count('/infra/a'), at.stub.count('/infra/b')]).toEqual([1, 2]);
  });
});

describe('stop against the natural end', () => {
  test('one of them wins, and who asked is told which', async () => {
    const workflow = await at.api.publish({ steps: [call('a', '/stop-end'), { id: 'b', set: {} }] });
    for (let round = 0; round < 12; round++) {
      const run = await at.api.start(workflow);
      await sleep(round * 4);
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
    const id = await held([{ id: 'w', wait: '1h' }]);
    const run = await own.run(id);
    const results = await Promise.allSettled(['first', 'second'].map((reason) => stopRun(own, run, { ...enough, reason })));
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await ends(id)).toEqual(['run_cancelled']);
    expect(['first', 'second']).toContain((await at.api.run(id)).reason);
  });

  test('a run that was stopped before its driver came never executes a step', async () => {
    const id = await held([call('a', '/never')]);
    await stopRun(own, await own.run(id), enough);
    expect(await driven(own, id)).toMatchObject({ next: 'done' });
    await swept(later(own, 31_000));
    expect(await at.api.run(id)).toMatchObject({ status: 'stopped' });
    expect(at.stub.count('/never')).toBe(0);
  });
});
