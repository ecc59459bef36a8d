import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { engineServices, tests } from '../../functions/adapters.ts';
import { type Api, expectRefusal, startApi } from '../edge/api.ts';
import { type StubServer, startStub } from '../harness/stub-server.ts';

let api: Api;
let erp: StubServer;
let workflow: string;

beforeAll(async () => {
  [api, erp] = await Promise.all([startApi(), startStub()]);
  workflow = await api.publish(
    `  - id: send\n    http: { method: POST, url: '${erp.url}/orders', file: '\${ $input.files[0].id }' }\n    output: { got: '\${ status }' }\n`,
    { top: "output: { file: '${ $input.files[0].id }', got: '${ $steps.send.got }' }" },
  );
});
afterAll(() => Promise.all([api.close(), erp.close()]));

const of = () => `/v1/workflows/${workflow}`;

async function uploaded(content: string): Promise<string> {
  const { id, upload_url, upload_fields } = (await api.post('/v2/files', { file_name: 'order.json' })).body;
  const form = new FormData();
  for (const [field, value] of Object.entries<string>(upload_fields)) form.append(field, value);
  form.append('file', new Blob([content]), 'order.json');
  expect((await fetch(upload_url, { method: 'POST', body: form })).status).toBe(204);
  return id;
}

async function testRun(mode: string) {
  const { id } = (await api.post(`${of()}/test-runs`, { mode })).body;
  return vi.waitFor(
    async () => {
      const { body } = await api.get(`${of()}/test-runs/${id}`);
      expect(body.outcome).not.toBe('running');
      return body;
    },
    { timeout: 20_000, interval: 50 },
  );
}

/** As its retention takes it. */
async function forget(id: string): Promise<void> {
  const { rows, bytes } = engineServices().files;
  await bytes.remove({ id });
  await rows.drop(id);
}

test('files that a run was given are kept for its test, whatever becomes of the run, and go with the test', async () => {
  const file = await uploaded('{"order":4711}');
  const started = await api.post(`${of()}/command`, { command: 'start', params: { inputs: {}, file_ids: [file] } });
  const run = await api.ended(started.body.id);
  expect([run.status, run.outputs.file]).toEqual(['succeeded', file]);
  const { id: testId } = (await api.post(`${of()}/tests`, { run_id: run.id })).body;

  await forget(file);
  await api.post('/v1/jobs', { verb: 'delete', run_ids: [run.id] });
  await vi.waitFor(async () => expect((await api.get(`/v1/runs/${run.id}`)).status).toBe(404), { timeout: 10_000 });

  expect((await testRun('recorded')).results).toMatchObject([{ outcome: 'same' }]);
  expect(erp.calls).toHaveLength(1);
  const real = await testRun('real');
  expect(real.results, JSON.stringify(real.results)).toMatchObject([{ outcome: 'same' }]);
  expect(erp.calls.map(({ body }) => body)).toEqual([{ order: 4711 }, { order: 4711 }]);

  const copy = (await api.get(`/v1/runs/${real.results[0].run_id}`)).body.outputs.file;
  expect(copy).not.toBe(file);
  expect((await api.get(`/v1/files/${copy}`)).body).toMatchObject({ name: 'order.json', size: 14, run_id: run.id });
  const { url } = (await api.get(`/v1/files/${copy}/download`)).body;
  expect(await (await fetch(url)).text()).toBe('{"order":4711}');
  expectRefusal(await api.call('DELETE', `/v1/files/${copy}`), 409, 'run_id');
  expect((await api.get('/v1/files?limit=100')).text).not.toContain(copy);

  // A test that is made of a run of a test has copies of its own.
  const second = (await api.post(`${of()}/tests`, { run_id: real.results[0].run_id, name: 'of a test' })).body.id;
  expect((await api.call('DELETE', `${of()}/tests/${testId}`)).status).toBe(204);
  expectRefusal(await api.get(`/v1/files/${copy}`), 404);
  expect(await engineServices().files.bytes.copy({ id: copy, keptBy: testId }, { id: copy })).toBeUndefined();
  expect((await testRun('real')).results).toMatchObject([{ test_id: second, outcome: 'same' }]);
});

test('a file that is gone by then is left out; the test is made all the same', async () => {
  const file = await uploaded('{"order":1}');
  const started = await api.post(`${of()}/command`, { command: 'start', params: { inputs: {}, file_ids: [file] } });
  const run = await api.ended(started.body.id);
  await forget(file);
  const made = await api.post(`${of()}/tests`, { run_id: run.id, name: 'gone' });
  expect(made.status, made.text).toBe(201);
  const results = (await testRun('recorded')).results;
  expect(results.find(({ test_id }: { test_id: string }) => test_id === made.body.id)).toMatchObject({ outcome: 'same' });
});

// The last, since it deletes the workflow.
test('a workflow that is deleted takes its tests along, with all that they keep', async () => {
  const kept = await tests().list(workflow);
  const copies = kept.flatMap(({ id, files }) => files.map((file) => ({ id: file, keptBy: id })));
  expect([kept.length, copies.length]).toEqual([2, 1]);
  expect((await api.call('DELETE', of())).status).toBe(204);
  expect(await tests().list(workflow)).toEqual([]);
  for (const { id } of kept) await expect(tests().inputsOf(id)).rejects.toThrow();
  for (const copy of copies) expect(await engineServices().files.bytes.copy(copy, { id: copy.id })).toBeUndefined();
  const { items } = (await api.get('/v1/audit?act=workflow.delete')).body;
  expect(items.map(({ object }: { object: { id: string } }) => object.id).toSorted()).toEqual(
    [...kept.map(({ id }) => id), workflow].toSorted(),
  );
});
