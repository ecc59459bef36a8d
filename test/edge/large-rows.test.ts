import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, expectRefusal, ONE_STEP, startApi, uniqueName } from './api.ts';

let api: Api;
let workflow: string;
beforeAll(async () => {
  api = await startApi();
  workflow = await api.publish(ONE_STEP);
});
afterAll(() => api.close());

const KIB = 1024;
/** Three bytes each in UTF-8: what counts characters and not bytes lets three times as much in. */
const WIDE = 'チ';
const patch = (body: object) => api.call('PATCH', `/v1/workflows/${workflow}`, { body });
const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

/** So many bytes as JSON. */
function startDefaultsOf(bytes: number) {
  const empty = { inputs: { text: '' }, name: 'n' };
  return { ...empty, inputs: { text: 'x'.repeat(bytes - bytesOf(empty)) } };
}

test('start defaults as large as they may be are kept, and one byte more is refused by name', async () => {
  await patch({ title: WIDE.repeat(200) });
  const most = startDefaultsOf(256 * KIB);
  expect((await patch({ start_defaults: most })).body.start_defaults).toEqual(most);
  const over = await patch({ start_defaults: startDefaultsOf(256 * KIB + 1) });
  expectRefusal(over, 413, 'start_defaults');
  const wide = await patch({ start_defaults: { inputs: { text: WIDE.repeat((400 * KIB) / 3) } } });
  expectRefusal(wide, 413, 'start_defaults');
  expect((await api.get(`/v1/workflows/${workflow}`)).body.start_defaults).toEqual(most);
});

test('connection overrides are a hundred at most, saved or given', async () => {
  const connection_overrides = Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`c${n}`, 'other']));
  expectRefusal(await patch({ start_defaults: { connection_overrides } }), 400, 'connection_overrides');
  const start = { command: 'start', params: { connection_overrides } };
  expectRefusal(await api.post(`/v1/workflows/${workflow}/command`, start), 400, 'connection_overrides');
});

test('the inputs of a schedule as large as they may be are kept, and more are refused by name', async () => {
  const at = `/v1/workflows/${workflow}/schedules`;
  const schedule = (size: number) => ({
    name: 'nightly',
    expression: 'daily at 09:00',
    inputs: { text: 'x'.repeat(size - bytesOf({ text: '' })) },
  });
  expect((await api.post(at, schedule(64 * KIB))).status).toBe(201);
  expectRefusal(await api.post(at, schedule(64 * KIB + 1)), 413, 'inputs');
});

test('a mailbox and a webhook with all that they may have are kept', async () => {
  const domain = `${'a'.repeat(240)}.example`;
  const allowed = Array.from({ length: 500 }, (_, n) => `${WIDE.repeat(60)}${String(n).padStart(4, '0')}@${domain}`);
  const mailbox = await api.call('PUT', `/v1/workflows/${workflow}/mailbox`, { body: { permission: 'restricted', allowed } });
  expect(mailbox.body.allowed).toHaveLength(500);
  const mapping = `{"text": "${WIDE.repeat(19_900)}"}`;
  const webhook = await api.post(`/v1/workflows/${workflow}/webhooks`, { name: WIDE.repeat(100), scheme: 'standard', mapping });
  expect(webhook.body.mapping).toBe(mapping);
});

test('a definition as large as a document may be is kept', async () => {
  const steps = (filling: number) => [{ id: 'only', set: { text: WIDE.repeat(filling) } }];
  const object = { format: 1, name: uniqueName(), title: WIDE.repeat(200), description: WIDE.repeat(4000), steps: steps(82_000) };
  const made = await api.post('/v1/workflows', { project_id: 'examples', definition: JSON.stringify(object) });
  expect(made.status).toBe(201);
});
