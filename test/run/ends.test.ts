import { describe, expect, test } from 'vitest';
import { setting } from './setting.ts';

const at = setting();

const get = (id: string, url: string, more: object = {}) => ({ id, http: { method: 'GET', url }, ...more });
const set = (id: string, more: object = {}) => ({ id, set: {}, ...more });

/** One branch fails while another is in flight and a third has not started. */
const failFast = (name: string) => ({
  steps: [
    get('slow', at.stub.on(`/${name}/slow`, 'hang'), { needs: [] }),
    get('start', at.stub.on(`/${name}/start`, { afterMs: 800 }), { needs: [] }),
    get('bad', at.stub.on(`/${name}/bad`, { status: 422 }), { needs: ['start'] }),
    set('afterBad', { needs: ['bad'] }),
    set('last', { needs: ['slow', 'afterBad'] }),
  ],
});

describe('fail-fast', () => {
  test('the failing step failed, those in flight are cancelled and their calls aborted, those not started are blocked', async () => {
    const run = await at.api.through(failFast('fast'));
    expect(run).toMatchObject({
      status: 'failed',
      outputs: null,
      error: { name: 'HttpClientError', step: 'bad' },
      steps: { total: 5, succeeded: 1, failed: 1, cancelled: 1, skipped: 2, running: 0, pending: 0 },
    });
    await at.stub.hungUp('/fast/slow');
    const fates = { slow: 'cancelled', start: 'succeeded', bad: 'failed', afterBad: 'skipped/blocked', last: 'skipped/blocked' };
    expect(await at.api.fates(run.id)).toEqual(fates);
    const story = await at.api.story(run.id);
    expect(story.slice(0, 2)).toEqual(['run_created', 'run_started']);
    expect(story.at(-1)).toBe('run_failed');
    expect(story).toContain('step_started slow');
    expect(story.filter((line) => line.endsWith(' slow')).at(-1)).toBe('step_cancelled slow');
    expect((await at.api.events(run.id)).filter(({ reason }) => reason === 'blocked').map(({ step }) => step)).toEqual([
      'afterBad',
      'last',
    ]);
  });

  test('a step that stood before its next attempt is cancelled', async () => {
    const run = await at.api.through({
      steps: [
        get('again', at.stub.on('/backing-off', { status: 500 }), { needs: [], retry: { attempts: 9, delay: '30s' } }),
        get('start', at.stub.on('/backing-off/start', { afterMs: 500 }), { needs: [] }),
        { id: 'bad', needs: ['start'], raise: { error: 'Bad', message: '' } },
      ],
    });
    expect(run).toMatchObject({ status: 'failed', error: { name: 'Bad' } });
    expect(await at.api.fates(run.id)).toEqual({ again: 'cancelled', start: 'succeeded', bad: 'failed' });
    expect(at.stub.count('/backing-off')).toBe(1);
  });

  test('the error of the run is that of the step nothing took, not one that was caught before', async () => {
    const run = await at.api.through({
      steps: [
        {
          id: 'g',
          parallel: { x: [{ id: 'taken', raise: { error: 'Taken', message: '' } }] },
          catch: [{ steps: [set('mend')] }],
        },
        { id: 'bad', raise: { error: 'Bad', message: '' } },
      ],
    });
    expect(run).toMatchObject({ status: 'failed', error: { name: 'Bad', step: 'bad' } });
  });
});

describe('stop', () => {
  test('ends the run at once: what is in flight is cancelled and aborted, what is behind it blocked', async () => {
    const workflow = await at.api.publish({ steps: [set('a'), get('slow', at.stub.on('/stop', 'hang')), set('last')] });
    const run = await at.api.start(workflow);
    await at.stub.called('/stop');
    const reply = await at.api.stop(run, 'not needed any more');
    expect(reply).toMatchObject({
      status: 202,
      body: { id: run.id, status: 'stopped', reason: 'not needed any more', error: null },
    });
    await at.stub.hungUp('/stop');
    expect(await at.api.fates(run.id)).toEqual({ a: 'succeeded', slow: 'cancelled', last: 'skipped/blocked' });
    expect((await at.api.story(run.id)).slice(-3)).toEqual(['step_cancelled slow', 'step_completed last', 'run_cancelled']);
    expect(at.stub.count('/stop')).toBe(1);
  });

  test('a second one is refused with the state, as is one of a run that has succeeded', async () => {
    const run = await at.api.start(await at.api.publish({ steps: [{ id: 'w', wait: '1h' }] }));
    expect((await at.api.stop(run)).status).toBe(202);
    expect(await at.api.stop(run)).toMatchObject({
      status: 409,
      body: { status_code: 409, details: [{ name: 'status', value: 'stopped' }] },
    });

    const done = await at.api.through({ steps: [set('a')] });
    expect(await at.api.stop(done)).toMatchObject({ status: 409, body: { details: [{ name: 'status', value: 'succeeded' }] } });
    expect((await at.api.run(done.id)).status).toBe('succeeded');
  });

  test('in a wait, in a retry back-off, in a loop', async () => {
    const broken = at.stub.on('/stop/broken', { status: 500 });
    const item = at.stub.on('/stop/items', 'hang');
    const run = await at.api.start(
      await at.api.publish({
        steps: [
          { id: 'w', needs: [], wait: '1h' },
          get('again', broken, { needs: [], retry: { attempts: 3, delay: '1h' } }),
          { id: 'each', needs: [], forEach: { in: '${ [1..5] }', as: 'n', concurrency: 2, steps: [get('call', item)] } },
        ],
      }),
    );
    await Promise.all([at.stub.called('/stop/broken'), at.stub.called('/stop/items', 2)]);
    await at.api.until(run.id, ({ steps }) => steps['running'] === 3 && steps['waiting'] === 1);
    expect((await at.api.stop(run)).status).toBe(202);
    await at.stub.hungUp('/stop/items', 2);
    expect(at.stub.count('/stop/items')).toBe(2);
    expect(await at.api.fates(run.id)).toMatchObject({
      w: 'cancelled',
      again: 'cancelled',
      each: 'cancelled',
      'each[0]/call': 'cancelled',
      'each[1]/call': 'cancelled',
    });
  });
});

describe('timeouts', () => {
  test('a run that reaches its timeout is timed out, its steps are closed', async () => {
    const run = await at.api.through({
      timeout: '2s',
      steps: [set('a'), get('slow', at.stub.on('/timeout/run', 'hang')), set('last')],
    });
    expect(run).toMatchObject({ status: 'timed_out', error: { name: 'Timeout', step: null }, outputs: null });
    await at.stub.hungUp('/timeout/run');
    expect(await at.api.fates(run.id)).toEqual({ a: 'succeeded', slow: 'cancelled', last: 'skipped/blocked' });
    expect((await at.api.story(run.id)).at(-1)).toBe('run_timed_out');
  });

  test('in a wait too', async () => {
    const run = await at.api.through({ timeout: '1s', steps: [{ id: 'w', wait: '1h' }] });
    expect(run).toMatchObject({ status: 'timed_out', steps: { cancelled: 1 } });
  });

  test('a step that reaches its timeout fails as Timeout, and its call is aborted', async () => {
    const run = await at.api.through(
      { steps: [get('slow', at.stub.on('/timeout/step', 'hang'), { timeout: '${ $input.seconds }' })] },
      { seconds: 1 },
    );
    expect(run).toMatchObject({ status: 'failed', error: { name: 'Timeout', step: 'slow' } });
    await at.stub.hungUp('/timeout/step');
  });
});

describe('runIf, stages, versions', () => {
  test('a run whose condition is false is skipped, and nothing executes', async () => {
    const definition = { runIf: '${ $input.go }', reference: 'R', steps: [get('a', at.stub.on('/run-if', {}))] };
    const workflow = await at.api.publish(definition);
    const { executions } = at.cloud.usage().operations.stepFunctions;
    const run = await at.api.start(workflow, { go: false });
    expect(run).toMatchObject({ status: 'skipped', reference: 'R', steps: { total: 1, skipped: 1 }, outputs: null });
    expect(run.reason).toMatch(/runIf/);
    expect(await at.api.story(run.id)).toEqual(['run_created', 'run_skipped']);
    expect(at.cloud.usage().operations.stepFunctions.executions).toBe(executions);
    expect((await at.api.stop(run)).status).toBe(409);
    expect((await at.api.ended((await at.api.start(workflow, { go: true })).id)).status).toBe('succeeded');
    expect(at.stub.count('/run-if')).toBe(1);
  });

  test('a draft runs without being published', async () => {
    const workflow = await at.api.draft({ steps: [set('a')], output: { from: 'draft' } });
    expect((await at.api.call('POST', `/v1/workflows/${workflow}/command`, { command: 'start' })).status).toBe(404);
    const run = await at.api.ended((await at.api.start(workflow, {}, { stage: 'Draft' })).id);
    expect(run).toMatchObject({ status: 'succeeded', stage: 'Draft', version: null, outputs: { from: 'draft' } });
  });

  test('a run keeps the version it was started with while a newer one is published', async () => {
    const url = at.stub.on('/pinned', { afterMs: 400 });
    const definition = (word: string) => ({
      format: 1,
      name: `pinned-${Date.now()}`,
      steps: [get('a', url), { id: 'b', set: { word } }],
      output: { word: '${ $steps.b.word }' },
    });
    const first = definition('first');
    const workflow = await at.api.publish(first);
    const old = await at.api.start(workflow);
    await at.stub.called('/pinned');
    await at.api.expect(200, 'PUT', `/v1/workflows/${workflow}/draft`, {
      definition: { ...definition('second'), name: first.name },
    });
    expect(await at.api.publishDraft(workflow)).toBe(2);
    const young = await at.api.start(workflow);
    expect(await at.api.ended(old.id)).toMatchObject({ version: 1, outputs: { word: 'first' } });
    expect(await at.api.ended(young.id)).toMatchObject({ version: 2, outputs: { word: 'second' } });
  });

  test('runs of a deleted workflow stay readable, and one that runs ends right', async () => {
    const workflow = await at.api.publish({
      steps: [get('a', at.stub.on('/deleted', { afterMs: 700 })), set('b')],
      output: { ok: '${ true }' },
    });
    const run = await at.api.start(workflow);
    await at.stub.called('/deleted');
    await at.api.expect(204, 'DELETE', `/v1/workflows/${workflow}`);
    expect(await at.api.ended(run.id)).toMatchObject({ status: 'succeeded', outputs: { ok: true } });
    expect(await at.api.fates(run.id)).toEqual({ a: 'succeeded', b: 'succeeded' });
    expect(await at.api.story(run.id)).toHaveLength(7);
    expect(await at.api.call('GET', `/v1/workflows/${workflow}/runs`)).toMatchObject({
      status: 200,
      body: { items: [{ id: run.id }] },
    });
    expect((await at.api.call('POST', `/v1/workflows/${workflow}/command`, { command: 'start' })).status).toBe(404);
  });
});
