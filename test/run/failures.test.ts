import { describe, test } from 'vitest';
import { setting } from './setting.ts';

// Most of these wait: they run side by side, each with a path of its own and its own expect.
const at = setting();

const get = (id: string, url: string, more: object = {}) => ({ id, http: { method: 'GET', url }, ...more });
const oneSecond = { attempts: 3, delay: '1s', backoff: 1 };

describe('retry of a step', () => {
  test.concurrent('executes it until it succeeds, and the log tells every attempt', async ({ expect }) => {
    const url = at.stub.on('/flaky', [{ status: 500 }, { status: 503 }, { body: 'done' }]);
    const run = await at.api.through({ steps: [get('a', url, { retry: oneSecond })], output: { said: '${ $steps.a.body }' } });
    expect(run).toMatchObject({ status: 'succeeded', outputs: { said: 'done' } });
    expect(at.stub.count('/flaky')).toBe(3);
    expect(await at.api.context(run.id)).toMatchObject({ a: { status: 'succeeded', attempts: 3, error: null } });
    const said = (await at.api.events(run.id)).map(({ type, attempt }) => `${type} ${attempt}`);
    expect(said).toEqual([
      'run_created null',
      'run_started null',
      'step_started 1',
      'step_retrying 1',
      'step_started 2',
      'step_retrying 2',
      'step_started 3',
      'step_completed 3',
      'run_succeeded null',
    ]);
  });

  test.concurrent('waits longer from attempt to attempt', async ({ expect }) => {
    const url = at.stub.on('/backoff', [{ status: 500 }, { status: 500 }, {}]);
    const run = await at.api.through({ steps: [get('a', url, { retry: { attempts: 3, delay: '1s', backoff: 1.5 } })] });
    expect(run.status).toBe('succeeded');
    const [first, second, third] = at.stub.to('/backoff').map((call) => call.at);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(1000);
    expect((third ?? 0) - (second ?? 0)).toBeGreaterThanOrEqual(1500);
  });

  test.concurrent.for<[string, number, () => string]>([
    ['429, in seconds', 429, () => '3'],
    ['503, as a date', 503, () => new Date(Date.now() + 4000).toUTCString()],
  ])('waits as long as Retry-After of a %s asks, and not only its own delay', async ([name, status, retryAfter], { expect }) => {
    const path = `/asks-${status}`;
    const url = at.stub.on(path, (_, n) => (n === 1 ? { status, headers: { 'retry-after': retryAfter() } } : {}));
    const run = await at.api.through({ steps: [get('a', url, { retry: oneSecond })] });
    expect([name, run.status]).toEqual([name, 'succeeded']);
    const [first, second] = at.stub.to(path).map((call) => call.at);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(2900);
  });

  test.concurrent('waits its own delay where Retry-After asks for less', async ({ expect }) => {
    const url = at.stub.on('/hurries', [{ status: 503, headers: { 'retry-after': '0' } }, {}]);
    await at.api.through({ steps: [get('a', url, { retry: oneSecond })] });
    const [first, second] = at.stub.to('/hurries').map((call) => call.at);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(1000);
  });

  test.concurrent('a run ends at its timeout, however long Retry-After asks to wait', async ({ expect }) => {
    const url = at.stub.on('/for-long', { status: 429, headers: { 'retry-after': '3600' } });
    const run = await at.api.through({ timeout: '3s', steps: [get('a', url, { retry: oneSecond })] });
    expect([run.status, at.stub.count('/for-long')]).toEqual(['timed_out', 1]);
  });

  test.concurrent('a group waits as long as the answer asked that failed it', async ({ expect }) => {
    const url = at.stub.on('/in-group', [{ status: 503, headers: { 'retry-after': '3' } }, {}]);
    const group = { id: 'g', parallel: { one: [get('a', url)] }, retry: oneSecond };
    expect((await at.api.through({ steps: [group] })).status).toBe('succeeded');
    const [first, second] = at.stub.to('/in-group').map((call) => call.at);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(2900);
  });

  test.concurrent('attempts counts executions, the first included', async ({ expect }) => {
    const url = at.stub.on('/broken', { status: 500 });
    const run = await at.api.through({ steps: [get('a', url, { retry: { attempts: 2, delay: '1s' } })] });
    expect(run).toMatchObject({ status: 'failed', error: { name: 'HttpServerError', step: 'a' } });
    expect(at.stub.count('/broken')).toBe(2);
    expect(await at.api.context(run.id)).toMatchObject({ a: { status: 'failed', attempts: 2 } });
  });

  test.concurrent('an error that "on" does not name is not retried', async ({ expect }) => {
    const url = at.stub.on('/missing', { status: 404 });
    const run = await at.api.through({ steps: [get('a', url, { retry: { ...oneSecond, on: ['HttpServerError', 'Timeout'] } })] });
    expect(run).toMatchObject({ status: 'failed', error: { name: 'HttpClientError' } });
    expect(at.stub.count('/missing')).toBe(1);
  });

  test.concurrent('a timeout is an error like others', async ({ expect }) => {
    const url = at.stub.on('/late', ['hang', { body: 'in time' }]);
    const run = await at.api.through({ steps: [get('a', url, { timeout: '1s', retry: { ...oneSecond, on: ['Timeout'] } })] });
    expect(run.status).toBe('succeeded');
    expect(at.stub.to('/late').map(({ hungUp }) => hungUp)).toEqual([true, false]);
  });

  test.concurrent('a call that is not a GET carries the same Idempotency-Key in every attempt, another one in every step, scope and run', async ({
    expect,
  }) => {
    const url = at.stub.on('/keys', (_, n) => (n === 1 ? { status: 500 } : {}));
    const post = (id: string, more: object = {}) => ({ id, http: { method: 'POST', url, body: { id } }, ...more });
    const definition = {
      steps: [
        post('a', { retry: oneSecond }),
        post('b'),
        { id: 'each', forEach: { in: [1, 2], as: 'n', concurrency: 1, steps: [post('c')] } },
        get('d', url),
      ],
    };
    const workflow = await at.api.publish(definition);
    for (const _ of [1, 2]) await at.api.ended((await at.api.start(workflow)).id);
    const keys = at.stub.to('/keys').map(({ idempotencyKey }) => idempotencyKey);
    const [a1, a2, b, c0, c1, d, ...second] = keys;
    expect(a1).toBeTypeOf('string');
    expect(a2).toBe(a1);
    expect(d).toBeUndefined();
    expect(second).toHaveLength(5);
    expect(new Set([a1, b, c0, c1, ...second.slice(0, 4)]).size).toBe(8);
  });
});

describe('retry of a group', () => {
  test.concurrent('reruns the whole group, each try in a scope of its own', async ({ expect }) => {
    const first = at.stub.on('/group/first', {});
    const second = at.stub.on('/group/second', [{ status: 500 }, { body: 2 }]);
    const run = await at.api.through({
      steps: [
        { id: 'g', retry: oneSecond, parallel: { only: [get('one', first), get('two', second, { output: '${ body }' })] } },
      ],
      output: { g: '${ $steps.g }' },
    });
    expect(run).toMatchObject({ status: 'succeeded', outputs: { g: { only: 2 } } });
    expect([at.stub.count('/group/first'), at.stub.count('/group/second')]).toEqual([2, 2]);
    expect(await at.api.fates(run.id)).toEqual({
      g: 'succeeded',
      'g~2/one': 'succeeded',
      'g~2/two': 'succeeded',
      'g~1/one': 'succeeded',
      'g~1/two': 'failed',
    });
    expect(await at.api.story(run.id)).toEqual([
      'run_created',
      'run_started',
      'step_started g',
      'step_started g~1/one',
      'step_completed g~1/one',
      'step_started g~1/two',
      'step_failed g~1/two',
      'step_retrying g',
      'step_started g',
      'step_started g~2/one',
      'step_completed g~2/one',
      'step_started g~2/two',
      'step_completed g~2/two',
      'step_completed g',
      'run_succeeded',
    ]);
  });

  test.concurrent('a group that fails in every try fails with the step in it', async ({ expect }) => {
    const url = at.stub.on('/group/broken', { status: 500 });
    const run = await at.api.through({
      steps: [{ id: 'g', retry: { attempts: 2, delay: '1s' }, forEach: { in: ['x'], as: 'item', steps: [get('call', url)] } }],
    });
    expect(run).toMatchObject({ status: 'failed', error: { name: 'HttpServerError', step: 'call' } });
    expect(at.stub.count('/group/broken')).toBe(2);
    expect(await at.api.fates(run.id)).toMatchObject({ g: 'failed', 'g~2/g[0]/call': 'failed' });
  });

  test.concurrent('"on" counts for groups too', async ({ expect }) => {
    const url = at.stub.on('/group/missing', { status: 404 });
    const run = await at.api.through({
      steps: [{ id: 'g', retry: { attempts: 3, delay: '1s', on: ['HttpServerError'] }, parallel: { only: [get('call', url)] } }],
    });
    expect(run).toMatchObject({ status: 'failed', error: { name: 'HttpClientError', step: 'call' } });
    expect(at.stub.count('/group/missing')).toBe(1);
  });
});

describe('catch', () => {
  test.concurrent('the first handler that names the error takes it; the run goes on with its output', async ({ expect }) => {
    const url = at.stub.on('/caught', { status: 404 });
    const run = await at.api.through({
      steps: [
        get('a', url, {
          catch: [
            { on: ['Timeout'], steps: [{ id: 'wrong', set: {} }] },
            { on: ['HttpClientError'], steps: [{ id: 'mend', set: { error: '${ $error }' } }] },
            { steps: [{ id: 'rest', set: {} }] },
          ],
        }),
        { id: 'after', set: { got: '${ $steps.a }' } },
      ],
      output: { after: '${ $steps.after.got.error }' },
    });
    expect(run).toMatchObject({ status: 'succeeded', error: null, outputs: { after: { name: 'HttpClientError', step: 'a' } } });
    expect(await at.api.fates(run.id)).toEqual({
      a: 'failed',
      wrong: 'skipped/condition',
      mend: 'succeeded',
      rest: 'skipped/condition',
      after: 'succeeded',
    });
  });

  test.concurrent('a catch comes after the last attempt', async ({ expect }) => {
    const url = at.stub.on('/retried-then-caught', { status: 500 });
    const run = await at.api.through({
      steps: [get('a', url, { retry: { attempts: 2, delay: '1s' }, catch: [{ steps: [{ id: 'mend', set: { ok: true } }] }] })],
      output: { a: '${ $steps.a }' },
    });
    expect(run).toMatchObject({ status: 'succeeded', outputs: { a: { ok: true } } });
    expect(at.stub.count('/retried-then-caught')).toBe(2);
  });

  test.concurrent('a group is caught with the step that failed in it', async ({ expect }) => {
    const run = await at.api.through({
      steps: [
        {
          id: 'g',
          forEach: {
            in: [1, 2, 3],
            as: 'n',
            concurrency: 1,
            steps: [
              { id: 'check', if: '${ $n = 2 }', raise: { error: 'NoTwo', message: 'item ${ $n } at ${ $index }' } },
              { id: 'next', set: { n: '${ $n }' } },
            ],
          },
          catch: [{ on: ['NoTwo'], steps: [{ id: 'mend', set: { error: '${ $error }' } }] }],
        },
      ],
      output: { g: '${ $steps.g.error }' },
    });
    expect(run).toMatchObject({ status: 'succeeded', outputs: { g: { name: 'NoTwo', message: 'item 2 at 1', step: 'check' } } });
    expect(await at.api.fates(run.id)).toMatchObject({
      g: 'failed',
      'g[0]/next': 'succeeded',
      'g[1]/check': 'failed',
      mend: 'succeeded',
    });
  });

  test.concurrent('what was in flight in a group whose failure was caught is cancelled, and its call is aborted', async ({
    expect,
  }) => {
    const hang = at.stub.on('/abandoned', 'hang');
    const run = await at.api.through({
      steps: [
        {
          id: 'g',
          parallel: {
            bad: [
              get('ready', at.stub.on('/abandoned/start', { afterMs: 700 })),
              { id: 'oops', raise: { error: 'Oops', message: '' } },
            ],
            slow: [get('long', hang), { id: 'later', set: {} }],
          },
          catch: [{ steps: [{ id: 'mend', set: {} }] }],
        },
        get('goOn', at.stub.on('/abandoned/after', { afterMs: 1500 })),
      ],
    });
    await at.stub.hungUp('/abandoned');
    expect(run.status).toBe('succeeded');
    expect(await at.api.fates(run.id)).toMatchObject({
      g: 'failed',
      oops: 'failed',
      long: 'cancelled',
      later: 'skipped/blocked',
      mend: 'succeeded',
    });
    expect(run.steps).toMatchObject({ running: 0, pending: 0 });
    expect((await at.api.story(run.id)).filter((line) => line.endsWith(' long'))).toEqual([
      'step_started long',
      'step_cancelled long',
    ]);
  });

  test.concurrent('handlers nest: what fails in one can be caught by its own, $error is the nearest', async ({ expect }) => {
    const run = await at.api.through({
      steps: [
        {
          id: 'a',
          raise: { error: 'First', message: 'one' },
          catch: [
            {
              steps: [
                {
                  id: 'b',
                  raise: { error: 'Second', message: '${ $error.name }' },
                  catch: [{ steps: [{ id: 'c', set: { error: '${ $error }' } }] }],
                },
                { id: 'd', set: { outer: '${ $error.name }', inner: '${ $steps.b.error }' } },
              ],
            },
          ],
        },
      ],
      output: { a: '${ $steps.a }' },
    });
    expect(run).toMatchObject({
      status: 'succeeded',
      outputs: { a: { outer: 'First', inner: { name: 'Second', message: 'First', step: 'b' } } },
    });
  });

  test.concurrent('a handler that fails itself fails the run with its own error', async ({ expect }) => {
    const run = await at.api.through({
      steps: [
        {
          id: 'a',
          raise: { error: 'First', message: 'one' },
          catch: [{ steps: [{ id: 'b', raise: { error: 'Second', message: 'two' } }] }],
        },
        { id: 'after', set: {} },
      ],
    });
    expect(run).toMatchObject({ status: 'failed', error: { name: 'Second', message: 'two', step: 'b' } });
    expect(await at.api.fates(run.id)).toEqual({ a: 'failed', b: 'failed', after: 'skipped/blocked' });
  });

  test.concurrent('a handler of a group reads what the group has finished, null for what has not', async ({ expect }) => {
    const fine = at.stub.on('/saga/fine', ({ query }) => ({ body: query['name'] }));
    const never = at.stub.on('/saga/never', 'hang');
    const refused = at.stub.on('/saga/refused', { status: 409, afterMs: 300 });
    const booked = (id: string, url: string, more: object = {}) => ({
      id,
      http: { method: 'POST', url, query: { name: id } },
      output: '${ body }',
      ...more,
    });
    const run = await at.api.through({
      steps: [
        {
          id: 'trip',
          parallel: {
            stay: [
              booked('hotel', fine),
              { id: 'class', switch: [{ when: true, steps: [booked('room', fine)] }] },
              booked('car', refused),
              booked('guide', fine),
            ],
            way: [
              { id: 'mended', raise: { error: 'Full', message: '' }, catch: [{ steps: [booked('bus', fine)] }] },
              booked('flight', never),
            ],
          },
          catch: [
            {
              steps: [
                {
                  id: 'undo',
                  forEach: {
                    in: '${ [$steps.hotel, $steps.room] }',
                    as: 'name',
                    steps: [{ id: 'cancel', set: { undone: '${ $name }', car: '${ $steps.car }' } }],
                  },
                },
                {
                  id: 'told',
                  set: {
                    undone: '${ $steps.undo.undone }',
                    car: '${ $steps.car }',
                    guide: '${ $steps.guide }',
                    flight: '${ $steps.flight }',
                    class: '${ $steps.class }',
                    bus: '${ $steps.mended }',
                  },
                },
              ],
            },
          ],
        },
      ],
      output: { trip: '${ $steps.trip }' },
    });
    expect(run).toMatchObject({
      status: 'succeeded',
      outputs: { trip: { undone: ['hotel', 'room'], car: null, guide: null, flight: null, class: 'room', bus: 'bus' } },
    });
  });

  test.concurrent('of a group with retry, a handler reads the last try; one that waits for its own handler has not ended', async ({
    expect,
  }) => {
    const count = at.stub.on('/tries', (_, n) => ({ body: n }));
    const refused = at.stub.on('/tries/refused', { status: 409, afterMs: 300 });
    const run = await at.api.through({
      steps: [
        {
          id: 'g',
          retry: { attempts: 2, delay: '1s' },
          parallel: {
            one: [get('first', count, { output: '${ body }' }), get('second', refused)],
            two: [
              {
                id: 'mended',
                raise: { error: 'Broken', message: '' },
                catch: [
                  {
                    steps: [
                      { id: 'half', set: { half: true } },
                      { id: 'slow', wait: '1h' },
                    ],
                  },
                ],
              },
            ],
          },
          catch: [
            {
              steps: [
                {
                  id: 'undo',
                  retry: { attempts: 2, delay: '1s' },
                  parallel: { only: [{ id: 'told', set: { first: '${ $steps.first }', mended: '${ $steps.mended }' } }] },
                },
              ],
            },
          ],
        },
      ],
      output: { g: '${ $steps.g.only }' },
    });
    expect(run).toMatchObject({ status: 'succeeded', outputs: { g: { first: 2, mended: null } } });
  });

  test.concurrent('an error that no handler names fails the run', async ({ expect }) => {
    const run = await at.api.through({
      steps: [{ id: 'a', raise: { error: 'Other', message: '' }, catch: [{ on: ['Timeout'], steps: [{ id: 'b', set: {} }] }] }],
    });
    expect(run).toMatchObject({ status: 'failed', error: { name: 'Other', step: 'a' } });
  });

  test.concurrent('a condition, a loop and a wait that cannot be evaluated are caught like any other step', async ({
    expect,
  }) => {
    const mend = (id: string) => [{ steps: [{ id, set: { name: '${ $error.name }' } }] }];
    const run = await at.api.through({
      steps: [
        { id: 'a', if: "${ '1' > 2 }", set: {}, catch: mend('a1') },
        { id: 'b', forEach: { in: "${ '1' > 2 }", as: 'x', steps: [{ id: 'inside', set: {} }] }, catch: mend('b1') },
        { id: 'c', wait: { until: '${ $input.none }' }, catch: mend('c1') },
        { id: 'd', switch: [{ when: "${ '1' > 2 }", steps: [{ id: 'taken', set: {} }] }], catch: mend('d1') },
        { id: 'e', parallel: { x: [{ id: 'x', set: { n: 'a' } }] }, output: '${ x.n > 1 }', catch: mend('e1') },
      ],
      output: {
        all: ['${ $steps.a.name }', '${ $steps.b.name }', '${ $steps.c.name }', '${ $steps.d.name }', '${ $steps.e.name }'],
      },
    });
    expect(run).toMatchObject({ status: 'succeeded', outputs: { all: Array(5).fill('ExpressionError') } });
  });
});
