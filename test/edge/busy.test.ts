import { DynamoDBClient, ThrottlingException, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { operations } from '../../shared/api/routes.ts';
import type { Operation } from '../../shared/edge/route.ts';
import { type Api, type Ask, expectRefusal, startApi } from './api.ts';
import { allSamples, type Known, type Sample } from './samples.ts';
import { oneOfEverything } from './things.ts';

let api: Api;
let known: Known;

/** Tables that refuse. The emulator never does, so it is done in front of it. */
let busy: string[] = [];

beforeAll(async () => {
  api = await startApi();
  known = await oneOfEverything(api);
  const { send } = DynamoDBClient.prototype;
  vi.spyOn(DynamoDBClient.prototype, 'send').mockImplementation(function (this: DynamoDBClient, command) {
    const text = JSON.stringify(command.input);
    if (!busy.some((name) => text.includes(`"${name}"`))) return Reflect.apply(send, this, [command]);
    return Promise.reject(throttle(command.input));
  });
  // Nobody waits for five seconds here: the clock goes twenty times as fast.
  const now = performance.now.bind(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => now() * 20);
  // Each refusal is logged.
  const { logger } = await import('../../shared/aws/observe.ts');
  vi.spyOn(logger, 'error').mockReturnValue(undefined);
});
afterEach(() => {
  busy = [];
});
afterAll(async () => {
  vi.restoreAllMocks();
  await api.close();
});

const table = (name: string) => process.env[`${name}_TABLE`] ?? '';

/** A throttled transaction says so in its reasons alone. */
function throttle(input: object): Error {
  const of = { message: 'Rate exceeded', $metadata: {} };
  if (!('TransactItems' in input)) return new ThrottlingException(of);
  return new TransactionCanceledException({ ...of, CancellationReasons: [{ Code: 'None' }, { Code: 'ThrottlingError' }] });
}

/** All at once, since each of them waits for its table. */
async function expectAllBusy(samples: Sample[], ask: Ask = {}) {
  expect(samples.length).toBeGreaterThan(0);
  const answers = samples.map(async ({ method, path, body }) => {
    const answered = await api.call(method, path, { ...ask, body });
    expect([method, path, answered.status, answered.headers.get('retry-after')]).toEqual([method, path, 429, '1']);
    expectRefusal(answered, 429);
  });
  await Promise.all(answers);
}

const samples = (fits: (operation: Operation) => boolean) =>
  allSamples(known).filter(({ operation }) => fits(operations[operation]));
const keyed = (key: string) => ({ headers: { 'idempotency-key': key } });

describe('429 with Retry-After is the answer of every route', () => {
  test('that needs a key, when the table of keys throttles', async () => {
    busy = [table('ACCESS')];
    await expectAllBusy(
      samples(({ open }) => !open),
      { key: 'that nobody has looked up before' },
    );
  });

  test('that reads or writes anything, when its tables throttle', async () => {
    busy = [
      table('RUNS'),
      table('WORKFLOWS'),
      table('TRIGGERS'),
      table('FILES'),
      table('AUDIT'),
      table('CONNECTIONS'),
      table('ANALYTICS'),
      table('JOBS'),
      table('TASKS'),
      table('TESTS'),
      table('SUBSCRIPTIONS'),
    ];
    // Keys are read from a table of their own; the others read none: a link says by itself that it is none.
    const others = ['api/docs', 'api/console', 'api/api-keys', 'api/members', 'api/views', 'api/answer-by-link'];
    const readNothing = ['/v1/sign-in', '/v1/workflows/check', '/oauth/callback'];
    // What takes a key of the whole workspace is refused before anything is read.
    await expectAllBusy(
      samples(
        ({ entry, path, method }) =>
          !others.includes(entry) && !readNothing.includes(path) && !(method === 'PUT' && /settings|budgets/.test(path)),
      ),
    );
  });

  test('that starts a run, when the runs alone throttle; asked again with the same key, it starts one', async () => {
    const starts = samples(({ keyed, entry }) => keyed === true && entry !== 'api/jobs' && entry !== 'api/tests').filter(
      ({ body }) => !JSON.stringify(body).includes('"run_id"'),
    );
    busy = [table('RUNS')];
    await Promise.all([expectAllBusy(starts), ...starts.map((start) => expectAllBusy([start], keyed(start.path)))]);
    busy = [];
    for (const { path, body } of starts) {
      const [first, second] = [await api.post(path, body, keyed(path)), await api.post(path, body, keyed(path))];
      expect([first.status, second.status, second.body.id]).toEqual([201, 200, first.body.id]);
    }
  });

  test('that runs tests, when the runs alone throttle; asked again with the same key, it goes on with those that were begun', async () => {
    const [start] = samples(({ keyed, entry }) => keyed === true && entry === 'api/tests');
    if (!start) throw new Error('Nothing runs tests.');
    const { path, body } = start;
    busy = [table('RUNS')];
    await expectAllBusy([start], keyed(path));
    busy = [];
    const [first, second] = [await api.post(path, body, keyed(path)), await api.post(path, body, keyed(path))];
    expect([first.status, second.status, second.body.id]).toEqual([200, 200, first.body.id]);
    expect(first.body.results).toHaveLength(1);
  });
});
