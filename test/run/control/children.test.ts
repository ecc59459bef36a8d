import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'vitest';
import type { Definition } from '../client.ts';
import { setting } from '../setting.ts';
import { operatorOf } from './operator.ts';

const at = setting();
const operator = operatorOf(() => at.api);
let made = 0;

const call = (id: string, path: string, more: object = {}) => ({
  id,
  http: { method: 'POST', url: at.stub.url + path, body: {} },
  ...more,
});

/** A published workflow under a name that others can call it by. */
async function callee(definition: Definition): Promise<{ id: string; name: string }> {
  made += 1;
  const name = `callee-${process.pid}-${made}`;
  return { id: await at.api.publish({ name, ...definition }), name };
}
const runs = (id: string, workflow: string, spec: object = {}, more: object = {}) => ({
  id,
  run: { workflow, ...spec },
  ...more,
});
const start = async (steps: object[], more: object = {}, inputs = {}) =>
  at.api.start(await at.api.publish({ steps, ...more }), inputs);

describe.concurrent('a step that starts a run', { timeout: 90_000 }, () => {
  test('waits for it and has its outputs; the child has a row of its own and says whose it is', async ({ expect }) => {
    const { name } = await callee({
      input: { type: 'object', properties: { n: { type: 'integer' } } },
      steps: [{ id: 'double', set: { n: '${ $input.n * 2 }' } }],
      output: { n: '${ $steps.double.n }' },
    });
    const run = await start(
      [runs('child', name, { input: { n: '${ $input.n }' } }, { output: '${ n }' })],
      { output: { n: '${ $steps.child }' } },
      { n: 21 },
    );
    expect(await operator.ended(run.id)).toMatchObject({ status: 'succeeded', outputs: { n: 42 } });
    const child = await operator.child(run.id);
    expect(child).toMatchObject({
      status: 'succeeded',
      trigger: 'parent',
      parent: run.id,
      parent_step: 'child',
      inputs: { n: 21 },
      workflow_name: name,
    });
    expect((await at.api.context(run.id))['child']).toMatchObject({
      status: 'succeeded',
      child: child.id,
      input: { n: 21 },
      attempts: 1,
    });
    expect((await at.api.story(run.id)).filter((line) => line.endsWith(' child'))).toEqual([
      'step_started child',
      'step_completed child',
    ]);
  });

  test('does not wait when told so: its result is the id, and what becomes of the run is no matter', async ({ expect }) => {
    const { name } = await callee({ steps: [{ id: 'bad', raise: { error: 'Bad', message: 'no' } }] });
    const run = await start([runs('child', name, { wait: false })], { output: { id: '${ $steps.child }' } });
    const ended = await operator.ended(run.id);
    const child = await operator.child(run.id);
    expect(ended).toMatchObject({ status: 'succeeded', outputs: { id: child.id } });
    expect(await operator.ended(child.id)).toMatchObject({ status: 'failed', error: { name: 'Bad' } });
    expect((await at.api.context(run.id))['child']).toMatchObject({ status: 'succeeded', child: child.id });
    expect((await at.api.story(run.id)).filter((line) => line.endsWith(' child'))).toEqual([
      'step_started child',
      'step_completed child',
    ]);
  });

  test('in branches and in items of a loop: one run each', async ({ expect }) => {
    const { name } = await callee({
      input: { type: 'object' },
      steps: [{ id: 'a', set: { n: '${ $input.n }' } }],
      output: { n: '${ $steps.a.n }' },
    });
    const run = await start(
      [
        {
          id: 'each',
          needs: [],
          forEach: { in: '${ [1..3] }', as: 'n', concurrency: 3, steps: [runs('item', name, { input: { n: '${ $n }' } })] },
          output: '${ $.n }',
        },
        {
          id: 'both',
          needs: [],
          parallel: { x: [runs('x', name, { input: { n: 7 } })], y: [runs('y', name, { input: { n: 8 } })] },
        },
      ],
      { output: { each: '${ $steps.each }', both: '${ $steps.both }' } },
    );
    expect(await operator.ended(run.id)).toMatchObject({
      status: 'succeeded',
      outputs: { each: [1, 2, 3], both: { x: { n: 7 }, y: { n: 8 } } },
    });
    expect((await operator.look(run.id)).children).toHaveLength(5);
  });

  test('fails with ChildRunFailed and the id of a run that failed; retry starts another, catch takes the failure', async ({
    expect,
  }) => {
    at.stub.on('/child/flaky', [{ status: 500 }, { body: 'ok' }]);
    const bad = await callee({ steps: [{ id: 'bad', raise: { error: 'Bad', message: 'no stock' } }] });
    const flaky = await callee({ steps: [call('a', '/child/flaky')], output: { ok: true } });
    const run = await start([
      runs('retried', flaky.name, {}, { retry: { on: ['ChildRunFailed'], attempts: 2, delay: '1s' } }),
      runs(
        'caught',
        bad.name,
        {},
        { catch: [{ on: ['ChildRunFailed'], steps: [{ id: 'mend', set: { why: '${ $error.message }' } }] }] },
      ),
      runs('fatal', bad.name),
    ]);
    const ended = await operator.ended(run.id);
    const context = await at.api.context(run.id);
    const failed = await operator.look(context['fatal']?.child ?? '');
    expect(ended).toMatchObject({ status: 'failed', error: { name: 'ChildRunFailed', step: 'fatal' } });
    expect(ended.error?.message).toContain(failed.id);
    expect(context['fatal']?.error?.data).toEqual({ run_id: failed.id });
    expect(context['retried']).toMatchObject({ status: 'succeeded', attempts: 2, output: { ok: true } });
    expect(context['mend']).toMatchObject({ status: 'succeeded', output: { why: expect.stringContaining('Bad: no stock') } });
    expect(ended.children).toHaveLength(4);
  });

  test('fails likewise when the run is stopped or runs out of time', async ({ expect }) => {
    const slow = await callee({ timeout: '1s', steps: [{ id: 'w', wait: '1h' }] });
    const long = await callee({ steps: [{ id: 'w', wait: '1h' }] });
    const [timed, stopped] = [await start([runs('child', slow.name)]), await start([runs('child', long.name)])];
    const child = await operator.child(stopped.id);
    await operator.until(stopped.id, ({ steps }) => steps['waiting'] === 1);
    expect((await operator.stop(child, { reason: 'not this one' })).status).toBe(202);
    expect(await operator.ended(stopped.id)).toMatchObject({
      status: 'failed',
      error: { name: 'ChildRunFailed', message: expect.stringContaining('stopped') },
    });
    expect(await operator.ended(timed.id)).toMatchObject({
      status: 'failed',
      error: { name: 'ChildRunFailed', message: expect.stringContaining('Timeout') },
    });
  });

  test('hands a stop down: now, and gracefully with what the child has in flight completing first', async ({ expect }) => {
    at.stub.on('/child/hang', 'hang');
    at.stub.on('/child/drain', { afterMs: 5000 });
    const hangs = await callee({ steps: [call('a', '/child/hang')] });
    const drains = await callee({ steps: [call('a', '/child/drain'), call('b', '/child/behind')] });
    const [now, gently] = [
      await start([runs('child', hangs.name)]),
      await start([runs('child', drains.name), call('c', '/child/behind')]),
    ];
    await Promise.all([at.stub.called('/child/hang'), at.stub.called('/child/drain')]);
    const children = await Promise.all([operator.child(now.id), operator.child(gently.id)]);

    expect((await operator.stop(gently, { mode: 'graceful', reason: 'release' })).body).toMatchObject({ status: 'draining' });
    await sleep(1100);
    expect([(await operator.look(gently.id)).status, (await operator.look(children[1].id)).status]).toEqual([
      'draining',
      'draining',
    ]);
    expect((await operator.stop(now, { reason: 'enough' })).body).toMatchObject({ status: 'stopped' });
    await at.stub.hungUp('/child/hang');
    expect(await operator.ended(children[0].id)).toMatchObject({
      status: 'stopped',
      reason: expect.stringContaining(now.id),
      stop: { by: 'first key' },
    });
    expect((await at.api.context(now.id))['child']).toMatchObject({ status: 'cancelled', error: { name: 'RUN_STOPPED' } });

    expect(await operator.ended(gently.id)).toMatchObject({ status: 'stopped', reason: 'release', error: null });
    expect(await operator.look(children[1].id)).toMatchObject({
      status: 'stopped',
      reason: 'release',
      steps: { succeeded: 1, skipped: 1 },
    });
    expect((await at.api.context(gently.id))['child']).toMatchObject({ status: 'cancelled', error: { name: 'RUN_STOPPED' } });
    expect([at.stub.to('/child/drain')[0]?.hungUp, at.stub.count('/child/behind')]).toEqual([false, 0]);
  });

  test('past the drain_timeout, what the child still has in flight is cancelled with it', async ({ expect }) => {
    at.stub.on('/child/never', 'hang');
    const { name } = await callee({ steps: [call('a', '/child/never')] });
    const run = await start([runs('child', name)]);
    await at.stub.called('/child/never');
    const child = await operator.child(run.id);
    await operator.stop(run, { mode: 'graceful', drain_timeout: 2 });
    const ended = await operator.ended(run.id);
    expect(ended).toMatchObject({ status: 'stopped', error: { name: 'DRAIN_TIMEOUT' } });
    expect(await operator.look(child.id)).toMatchObject({ status: 'stopped', error: { name: 'DRAIN_TIMEOUT' } });
    expect((await at.api.context(run.id))['child']).toMatchObject({ status: 'cancelled', error: { name: 'DRAIN_TIMEOUT' } });
    await at.stub.hungUp('/child/never');
  });

  test('pauses with its child, and goes on with it; a child that goes on alone is found ended', async ({ expect }) => {
    at.stub.on('/child/slow', { afterMs: 4000 });
    const { name } = await callee({ steps: [call('a', '/child/slow'), call('b', '/child/then')], output: { ok: true } });
    const steps = [runs('child', name), { id: 'after', set: { ok: '${ $steps.child.ok }' } }];
    const [together, alone] = [await start(steps, { output: { ok: '${ $steps.after.ok }' } }), await start(steps)];
    await at.stub.called('/child/slow', 2);
    await Promise.all([operator.pause(together, 'lunch'), operator.pause(alone)]);
    expect(await operator.look(together.id)).toMatchObject({ pausing: true });
    const child = await operator.child(together.id);
    expect(await operator.isPaused(together.id)).toMatchObject({ steps: { waiting: 1 } });
    expect(await operator.look(child.id)).toMatchObject({ status: 'paused', pause: { reason: 'lunch', by: 'first key' } });

    await operator.resume(together);
    expect(await operator.ended(together.id)).toMatchObject({ status: 'succeeded', outputs: { ok: true } });

    await operator.isPaused(alone.id);
    const other = await operator.child(alone.id);
    await operator.resume(other);
    expect((await operator.ended(other.id)).status).toBe('succeeded');
    expect((await operator.look(alone.id)).status).toBe('paused');
    await operator.resume(alone);
    expect((await operator.ended(alone.id)).status).toBe('succeeded');
    expect([at.stub.count('/child/slow'), at.stub.count('/child/then')]).toEqual([2, 2]);
    expect((await operator.look(alone.id)).children).toHaveLength(1);
  });

  test('follows the version that was published when its own workflow was', async ({ expect }) => {
    const { id, name } = await callee({ steps: [{ id: 'a', set: { v: 1 } }], output: { v: '${ $steps.a.v }' } });
    const caller = await at.api.publish({ steps: [runs('child', name)], output: { v: '${ $steps.child.v }' } });
    const pinned = await at.api.publish({ steps: [runs('child', name, { version: 1 })], output: { v: '${ $steps.child.v }' } });
    await at.api.expect(200, 'PUT', `/v1/workflows/${id}/draft`, {
      definition: { format: 1, name, steps: [{ id: 'a', set: { v: 2 } }], output: { v: '${ $steps.a.v }' } },
    });
    await at.api.publishDraft(id);
    const outputs = async (workflow: string) => (await operator.ended((await at.api.start(workflow)).id)).outputs;
    expect(await outputs(caller)).toEqual({ v: 1 });
    await at.api.publishDraft(caller);
    await at.api.publishDraft(pinned);
    expect(await outputs(caller)).toEqual({ v: 2 });
    expect(await outputs(pinned)).toEqual({ v: 1 });
  });

  test('of a workflow that is not there is refused when it is published', async ({ expect }) => {
    const id = { project_id: 'examples', definition: { format: 1, name: `caller-${made}-x`, steps: [runs('child', 'nobody')] } };
    const reply = await at.api.call('POST', '/v1/workflows', id);
    expect(reply.status).toBe(422);
    expect(JSON.stringify(reply.body)).toContain('no workflow \\"nobody\\"');
  });

  test('a workflow that calls itself without end comes to one, ten runs deep, and says so', async ({ expect }) => {
    const name = `endless-${process.pid}`;
    const run = await at.api.start(await at.api.publish({ name, steps: [runs('again', name)] }));
    const ended = await operator.ended(run.id);
    expect(ended).toMatchObject({ status: 'failed', error: { name: 'ChildRunFailed', step: 'again' } });
    expect(ended.error?.message).toContain('would stand 11 runs deep; the limit is 10');
    const { items } = (await at.api.expect(200, 'GET', `/v1/workflows/${run.workflow_id}/runs`)) as { items: unknown[] };
    expect(items).toHaveLength(11);
  });
});
