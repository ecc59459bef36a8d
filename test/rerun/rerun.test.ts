import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { operatorOf } from '../control/operator.ts';
import { setting } from '../run/setting.ts';

const at = setting();
const operator = operatorOf(() => at.api);
const problem = z.object({ message: z.string(), details: z.array(z.object({ name: z.string(), value: z.unknown() })) });
const warned = z.looseObject({ warnings: z.array(z.string()) });

const call = (id: string, path: string, more: object = {}) => ({
  id,
  http: { method: 'POST', url: at.stub.url + path, query: { run: '${ $run.id }', id }, body: {} },
  output: '${ body.query.id }',
  ...more,
});
const through = async (steps: object[], more: object = {}, inputs = {}) => {
  const { id } = await at.api.start(await at.api.publish({ steps, ...more }), inputs);
  return operator.ended(id);
};
/** The steps of a run that have called, in order. */
const callsOf = (run: { id: string }) =>
  at.stub.calls.filter(({ query }) => query['run'] === run.id).map(({ query }) => query['id']);
/** Fails until it is mended. */
const breakable = (path: string) => {
  at.stub.on(path, { status: 500 });
  return { mend: () => at.stub.on(path, { body: { query: { id: 'mended' } } }) };
};
const reusedOf = async (id: string) =>
  Object.values(await at.api.context(id))
    .filter(({ reused }) => reused !== null)
    .map(({ key }) => key);

describe.concurrent('recovery', () => {
  test('of a failed run of 50 steps makes outside calls for the remaining steps alone', async () => {
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

  test('from the start, from the failure, from a step: what is before is taken over, the rest is executed', async () => {
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

  test('in branches, items of a loop, a group with retry, and with a failure that was caught', async () => {
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

  test('a chain of reruns uses what each of them has done', async () => {
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

  test('of a stopped run and of one that ran out of time goes on where it stood', async () => {
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

  test('a child goes on from where it failed, in a run of its own; one that had succeeded unheard is not run again', async () => {
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

describe.concurrent('three free choices', () => {
  test('corrected input, on the latest version, from the failed step', async () => {
    const name = `choices-${process.pid}`;
    const document = (steps: object[]) => ({
      format: 1,
      name,
      input: { type: 'object', properties: { n: { type: 'integer' }, unit: { type: 'string', default: 'kg' } } },
      steps,
      output: { last: '${ $steps.b.n }' },
    });
    const id = await at.api.publish(document([call('a', '/fine'), { id: 'b', raise: { error: 'Bad', message: '' } }]) as never);
    const origin = await operator.ended((await at.api.start(id, { n: 1 })).id);
    await at.api.expect(200, 'PUT', `/v1/workflows/${id}/draft`, {
      definition: document([call('a', '/fine'), { id: 'b', set: { n: '${ $input.n }' } }]),
    });
    await at.api.publishDraft(id);

    expect((await operator.ended((await operator.again(origin.id, { from: 'failed' })).id)).status).toBe('failed');
    const latest = await operator.again(origin.id, { from: 'failed', inputs: { n: 7 }, version: 'latest' });
    expect(await operator.ended(latest.id)).toMatchObject({
      status: 'succeeded',
      version: 2,
      outputs: { last: 7 },
      inputs: { n: 7, unit: 'kg' },
    });
    expect(callsOf(latest)).toEqual([]);
    const second = await operator.again(origin.id, { from: 'failed', version: 2 });
    expect(await operator.ended(second.id)).toMatchObject({ status: 'succeeded', version: 2, outputs: { last: 1 } });
    expect((await operator.rerun(origin.id, { from: 'failed', version: 9 })).status).toBe(404);
    expect((await operator.rerun(origin.id, { from: 'start', inputs: { n: 'x' } })).status).toBe(400);
  });

  test('what differs is listed before anything starts, and goes ahead once accepted', async () => {
    const name = `differs-${process.pid}`;
    const document = (steps: object[]) => ({ format: 1, name, input: { type: 'object' }, steps });
    const id = await at.api.publish(
      document([
        call('a', '/fine'),
        call('gone', '/fine'),
        { id: 'kind', set: {} },
        { id: 'bad', raise: { error: 'Bad', message: '' } },
      ]),
    );
    const origin = await operator.ended((await at.api.start(id, { n: 1 })).id);
    await at.api.expect(200, 'PUT', `/v1/workflows/${id}/draft`, {
      definition: document([{ id: 'fresh', set: {} }, call('a', '/fine'), { id: 'kind', wait: '1s' }, { id: 'bad', set: {} }]),
    });
    await at.api.publishDraft(id);
    const refused = await operator.rerun(origin.id, { from: 'failed', version: 'latest' });
    expect(refused.status).toBe(409);
    expect(
      problem
        .parse(refused.body)
        .details.map((detail) => detail.name)
        .sort(),
    ).toEqual(['gone: gone', 'kind: kind', 'new: fresh']);
    expect((await operator.look(origin.id)).children).toEqual([]);
    const run = await operator.again(origin.id, { from: 'failed', version: 'latest', accept_changes: true });
    expect((await operator.ended(run.id)).status).toBe('succeeded');
    expect(callsOf(run)).toEqual([]);
    expect(await at.api.fates(run.id)).toEqual({ fresh: 'succeeded', a: 'succeeded', kind: 'succeeded', bad: 'succeeded' });
  });

  test('edited inputs are listed with the steps that read them and would be taken over', async () => {
    const steps = [
      { id: 'a', set: { n: '${ $input.n }' } },
      { id: 'b', set: {} },
      { id: 'c', set: { n: '${ $input.n }' } },
    ];
    const origin = await through(
      steps,
      { input: { type: 'object', properties: { n: { type: 'integer' }, d: { default: 1 } } } },
      { n: 1 },
    );
    const refused = await operator.rerun(origin.id, { from: 'c', inputs: { n: 2 } });
    expect(refused.status).toBe(409);
    expect(problem.parse(refused.body).details).toEqual([{ name: 'inputs: a', value: expect.stringContaining('has read n') }]);
    const run = await operator.ended((await operator.again(origin.id, { from: 'c', inputs: { n: 2 }, accept_changes: true })).id);
    expect([(await at.api.context(run.id))['a']?.output, (await at.api.context(run.id))['c']?.output]).toEqual([
      { n: 1 },
      { n: 2 },
    ]);
    expect((await operator.rerun(origin.id, { from: 'a', inputs: { n: 2 } })).status).toBe(201);
    expect((await operator.rerun(origin.id, { from: 'c', inputs: { n: 1 } })).status).toBe(201);
  });

  test('steps that may not be repeated are listed, those of children too, and repeated once that is confirmed', async () => {
    const name = `pays-${process.pid}`;
    at.stub.on('/pay', { status: 500 });
    await at.api.publish({ name, steps: [call('pay', '/pay', { repeatable: false })] });
    const origin = await through([call('once', '/fine', { repeatable: false }), { id: 'child', run: { workflow: name } }]);
    const failed = await operator.rerun(origin.id, { from: 'failed' });
    expect([failed.status, problem.parse(failed.body).details]).toEqual([409, [{ name: 'repeats', value: 'child/pay' }]]);
    const start = await operator.rerun(origin.id, { from: 'start' });
    expect([start.status, problem.parse(start.body).details]).toEqual([409, [{ name: 'repeats', value: 'once' }]]);
    at.stub.on('/pay', {});
    const run = await operator.again(origin.id, { from: 'failed', confirm_repeat: true });
    expect((await operator.ended(run.id)).status).toBe('succeeded');
    expect([at.stub.count('/pay'), callsOf(run)]).toEqual([2, []]);
  });

  test('the original payload is warned of, with when it was taken', async () => {
    const origin = await through([{ id: 'a', set: {} }], {}, {});
    const same = warned.parse((await operator.rerun(origin.id, { from: 'start' })).body);
    expect(same.warnings).toEqual([expect.stringContaining(String((origin as { created_at?: string }).created_at))]);
    expect(warned.parse((await operator.rerun(origin.id, { from: 'start', inputs: {} })).body).warnings).toEqual([]);
  });
});

describe.concurrent('what is refused', () => {
  test('a run that lives, a step that is not there, a word that is none, a run that is not the caller’s: nothing is done', async () => {
    const live = await at.api.start(await at.api.publish({ steps: [{ id: 'w', wait: '1h' }] }));
    expect(await operator.rerun(live.id, { from: 'start' })).toMatchObject({
      status: 409,
      body: { details: [{ name: 'status', value: expect.stringMatching(/pending|running/) }] },
    });
    await operator.stop(live);
    const missing = await operator.rerun(live.id, { from: 'nowhere' });
    expect([missing.status, problem.parse(missing.body).message]).toEqual([400, 'There is no step "nowhere". The steps are: w.']);
    for (const body of [
      {},
      { from: 'start', version: 'newest' },
      { from: 'start', inputs: 7 },
      { from: 'start', more: 1 },
      { from: '' },
    ])
      expect((await operator.rerun(live.id, body)).status).toBe(400);
    expect((await operator.rerun('01ARZ3NDEKTSV4RRFFQ69G5FAV', { from: 'start' })).status).toBe(404);
    expect((await operator.look(live.id)).children).toEqual([]);
  });

  test('actions say what may be done next, and why something may not', async () => {
    const done = await through([{ id: 'a', set: {} }]);
    expect(done.actions).toEqual([
      { action: 'pause', allowed: false, reason: 'It has ended: it is succeeded.' },
      { action: 'resume', allowed: false, reason: 'It has ended: it is succeeded.' },
      { action: 'stop', allowed: false, reason: 'It has ended: it is succeeded.' },
      { action: 'stop_gracefully', allowed: false, reason: 'It has ended: it is succeeded.' },
      { action: 'rerun', allowed: true, reason: null },
      { action: 'rerun_from_failed', allowed: false, reason: 'It has not failed.' },
    ]);
  });

  test('a second rerun under the same key gives the first one back, whatever was published since; another request is refused', async () => {
    const id = await at.api.publish({
      name: `keyed-${process.pid}`,
      steps: [{ id: 'bad', raise: { error: 'Bad', message: '' } }],
    });
    const origin = await operator.ended((await at.api.start(id)).id);
    const key = { 'idempotency-key': 'once' };
    const replies = await Promise.all([1, 2, 3].map(() => operator.rerun(origin.id, { from: 'failed', version: 'latest' }, key)));
    expect(replies.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(replies.filter(({ headers }) => headers.get('idempotent-replay') === 'true')).toHaveLength(2);
    expect(new Set(replies.map(({ body }) => (body as { id: string }).id)).size).toBe(1);
    await at.api.publishDraft(id);
    expect((await operator.rerun(origin.id, { from: 'failed', version: 'latest' }, key)).headers.get('idempotent-replay')).toBe(
      'true',
    );
    expect((await operator.rerun(origin.id, { from: 'start', version: 'latest' }, key)).status).toBe(409);
    expect((await operator.look(origin.id)).children).toHaveLength(1);
  });
});
