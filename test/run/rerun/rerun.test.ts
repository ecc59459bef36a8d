import { describe, test } from 'vitest';
import { operatorOf } from '../control/operator.ts';
import { setting } from '../setting.ts';
import { stubbedCalls } from './stubbed-calls.ts';

const at = setting();
const operator = operatorOf(() => at.api);
const { breakable, call, callsOf, reusedOf, through } = stubbedCalls(at, operator);

describe.concurrent('recovery', { timeout: 90_000 }, () => {
  test('of a failed run of 50 steps makes outside calls for the remaining steps alone', async ({ expect }) => {
    const { mend } = breakable('/fifty/37');
    const steps = Array.from({ length: 50 }, (_, n) => call(`s${n + 1}`, n + 1 === 37 ? '/fifty/37' : '/fifty'));
    const origin = await through(steps, { output: { last: '${ $steps.s50 }', first: '${ $steps.s1 }' } });
    expect(origin).toMatchObject({ status: 'failed', error: { step: 's37' }, steps: { succeeded: 36, failed: 1, skipped: 13 } });
    mend();
    const run = await operator.again(origin.id, { from: 'failed' });
    const ended = await operator.ended(run.id);
    expect(ended).toMatchObject({
      status: 'succeeded',
      trigger: 'rerun',
      parent: origin.id,
      root: origin.id,
      attempt: 2,
      chain: [origin.id],
      outputs: { first: 's1', last: 's50' },
    });
    expect(callsOf(run)).toEqual(Array.from({ length: 14 }, (_, n) => `s${n + 37}`));
    expect(await reusedOf(run.id)).toHaveLength(36);
    const events = await at.api.events(run.id);
    expect(events.filter(({ reused }) => reused === origin.id)).toHaveLength(36);
    expect(events.filter(({ reused }) => reused !== undefined).map(({ step }) => step)).toEqual(
      Array.from({ length: 36 }, (_, n) => `s${n + 1}`),
    );
    expect((await operator.look(origin.id)).children).toMatchObject([{ id: run.id, trigger: 'rerun' }]);
  });

  test('from the start, from the failure, from a step: what is before is taken over, the rest is executed', async ({
    expect,
  }) => {
    const origin = await through([call('a', '/p'), call('b', '/p'), call('c', '/p')]);
    expect(origin.status).toBe('succeeded');
    const [start, step] = [await operator.again(origin.id, { from: 'start' }), await operator.again(origin.id, { from: 'b' })];
    await Promise.all([operator.ended(start.id), operator.ended(step.id)]);
    expect([callsOf(start), callsOf(step)]).toEqual([
      ['a', 'b', 'c'],
      ['b', 'c'],
    ]);
    expect(await operator.rerun(origin.id, { from: 'failed' })).toMatchObject({ status: 409 });
  });

  test('in branches, items of a loop, a group with retry, and with a failure that was caught', async ({ expect }) => {
    const { mend } = breakable('/broken');
    at.stub.on('/caught', { status: 500 });
    const origin = await through([
      call('k', '/caught', { catch: [{ steps: [call('h', '/fine')] }] }),
      {
        id: 'both',
        parallel: {
          left: [call('l1', '/fine'), call('l2', '/fine')],
          right: [
            {
              id: 'each',
              forEach: {
                in: '${ [1..3] }',
                as: 'n',
                concurrency: 1,
                steps: [
                  call('x', '/fine'),
                  {
                    id: 'way',
                    switch: [
                      {
                        when: '${ $n = 2 }',
                        steps: [
                          {
                            id: 'g',
                            retry: { attempts: 2, delay: '1s' },
                            parallel: { one: [call('g1', '/fine'), call('g2', '/broken')] },
                          },
                        ],
                      },
                    ],
                  },
                ],
              },
            },
          ],
        },
      },
      call('z', '/fine'),
    ]);
    expect(origin).toMatchObject({ status: 'failed', error: { name: 'HttpServerError', step: 'g2' } });
    expect(callsOf(origin).sort()).toEqual(['g1', 'g1', 'g2', 'g2', 'h', 'k', 'l1', 'l2', 'x', 'x']);
    mend();
    const run = await operator.again(origin.id, { from: 'failed' });
    expect((await operator.ended(run.id)).status).toBe('succeeded');
    expect(callsOf(run)).toEqual(['g2', 'x', 'z']);
    expect(await at.api.fates(run.id)).toMatchObject({
      k: 'failed',
      h: 'succeeded',
      'each[1]/g~2/g1': 'succeeded',
      'each[1]/g~2/g2': 'succeeded',
      'each[2]/x': 'succeeded',
    });

    // From a step in the loop: once more for every item.
    const again = await operator.again(run.id, { from: 'x' });
    expect((await operator.ended(again.id)).status).toBe('succeeded');
    expect(callsOf(again)).toEqual(['x', 'x', 'g1', 'g2', 'x', 'z']);
    expect(await reusedOf(again.id)).toEqual(expect.arrayContaining(['k', 'h', 'l1', 'l2']));
    const context = await at.api.context(again.id);
    expect([context['l1']?.reused, context['z']?.reused]).toEqual([origin.id, null]);
    expect(again).toMatchObject({ attempt: 3, root: origin.id, parent: run.id, chain: [run.id, origin.id] });
  });

  test('a chain of reruns uses what each of them has done', async ({ expect }) => {
    const [one, two] = [breakable('/chain/1'), breakable('/chain/2')];
    const first = await through([call('a', '/fine'), call('b', '/chain/1'), call('c', '/chain/2')]);
    one.mend();
    const second = await operator.ended((await operator.again(first.id, { from: 'failed' })).id);
    expect(second).toMatchObject({ status: 'failed', error: { step: 'c' } });
    two.mend();
    const third = await operator.ended((await operator.again(second.id, { from: 'failed' })).id);
    expect(third).toMatchObject({ status: 'succeeded', attempt: 3, root: first.id, chain: [second.id, first.id] });
    expect([callsOf(second), callsOf(third)]).toEqual([['b', 'c'], ['c']]);
    const context = await at.api.context(third.id);
    expect([context['a']?.reused, context['b']?.reused]).toEqual([first.id, second.id]);
  });

  test('of a stopped run and of one that ran out of time goes on where it stood', async ({ expect }) => {
    at.stub.on('/stopped', 'hang');
    const { id } = await at.api.start(await at.api.publish({ steps: [call('a', '/fine'), call('b', '/stopped')] }));
    await at.stub.called('/stopped');
    await operator.stop(await operator.look(id));
    at.stub.on('/timed', 'hang');
    const timed = await through([call('a', '/fine'), call('b', '/timed')], { timeout: '2s' });
    expect(timed.status).toBe('timed_out');
    at.stub.on('/stopped', {});
    at.stub.on('/timed', {});
    const [one, two] = [await operator.again(id, { from: 'failed' }), await operator.again(timed.id, { from: 'failed' })];
    for (const { id: again } of [one, two]) expect((await operator.ended(again)).status).toBe('succeeded');
    expect([callsOf(one), callsOf(two)]).toEqual([['b'], ['b']]);
  });

  test('a child goes on from where it failed, in a run of its own; one that had succeeded unheard is not run again', async ({
    expect,
  }) => {
    const { mend } = breakable('/in-child');
    const name = `child-${process.pid}`;
    await at.api.publish({ name, steps: [call('c1', '/fine'), call('c2', '/in-child')], output: { ok: true } });
    const origin = await through([call('a', '/fine'), { id: 'child', run: { workflow: name } }, call('z', '/fine')]);
    expect(origin).toMatchObject({ status: 'failed', error: { name: 'ChildRunFailed' } });
    const before = await operator.child(origin.id);
    mend();
    const run = await operator.again(origin.id, { from: 'failed' });
    expect((await operator.ended(run.id)).status).toBe('succeeded');
    const child = await operator.child(run.id);
    expect(child).toMatchObject({ status: 'succeeded', parent: run.id, attempt: 2, root: before.id, trigger: 'parent' });
    expect([callsOf(run), callsOf(child)]).toEqual([['z'], ['c2']]);
    expect(await reusedOf(child.id)).toEqual(['c1']);

    const again = await operator.again(run.id, { from: 'z' });
    await operator.ended(again.id);
    expect([callsOf(again), (await operator.look(again.id)).children]).toEqual([['z'], []]);
    expect((await at.api.context(again.id))['child']).toMatchObject({ reused: run.id, output: { ok: true } });
  });
});
