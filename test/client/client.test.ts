import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiError, Client } from '../../client/client.ts';
import { ONE_STEP, startApi } from '../edge/api.ts';
import { API_KEY } from '../harness/millrun-process.ts';

let at: Awaited<ReturnType<typeof startApi>>;
let client: Client;

beforeAll(async () => {
  at = await startApi();
  client = new Client({ url: at.url, apiKey: API_KEY });
});
afterAll(() => at.close());

test('an operation is asked by its name, with what it takes, and answers what it declares', async () => {
  const workflow_id = await at.publish(ONE_STEP);
  const body = { command: 'start' as const, params: { inputs: { big: 1 }, wait: 20 } };
  const started = await client.call('commandWorkflow', { params: { workflow_id }, body, idempotencyKey: 'a/b c' });
  if ('dry_run' in started) throw new Error('nothing was started');
  expect(started).toMatchObject({ status: 'succeeded', inputs: { big: 1 } });

  const again = await client.call('commandWorkflow', { params: { workflow_id }, body, idempotencyKey: 'a/b c' });
  expect(again).toMatchObject({ id: started.id });
  const { items } = await client.call('listRuns', { query: { workflow_id, limit: 5 } });
  expect(items.map(({ id }) => id)).toEqual([started.id]);
});

test('a refusal is an error with its status and what was said', async () => {
  const refused = await client.call('getRun', { params: { run_id: 'no such/run' } }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ApiError);
  expect(refused).toMatchObject({
    status: 400,
    message: expect.stringMatching(/^GET \/v1\/runs\/no%20such%2Frun was answered 400/),
  });
  const stranger = new Client({ url: at.url });
  await expect(stranger.call('listWorkflows')).rejects.toMatchObject({ status: 401, body: { status_code: 401 } });
});

test('numbers keep their digits', async () => {
  const workflow_id = await at.publish(ONE_STEP);
  const text = '{"command":"start","params":{"inputs":{"n":12345678901234567890}}}';
  const { body } = await client.request<{ id: string }>('POST', `/v1/workflows/${workflow_id}/command`, { body: text });
  const run = await client.call('getRun', { params: { run_id: body.id } });
  expect(JSON.stringify(run.inputs)).toBe('{"n":12345678901234567890}');
});

test('what an operation does not take does not compile', () => {
  // @ts-expect-error a path parameter is missing
  expect(() => client.call('getRun')).toBeTypeOf('function');
  // @ts-expect-error there is no such operation
  expect(() => client.call('getRuns')).toBeTypeOf('function');
  // @ts-expect-error there is no such filter
  expect(() => client.call('listRuns', { query: { colour: 'red' } })).toBeTypeOf('function');
});
