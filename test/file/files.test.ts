import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { engineServices } from '../../functions/adapters.ts';
import { holdFiles } from '../../shared/file/given-files.ts';
import { type Api, expectRefusal, startApi } from '../edge/api.ts';
import { type StubServer, startStub } from '../harness/stub-server.ts';

let api: Api;
let stub: StubServer;

beforeAll(async () => {
  [api, stub] = await Promise.all([startApi(), startStub()]);
});
afterAll(() => Promise.all([api.close(), stub.close()]));

const LISTS = '  - id: only\n    set: { files: "${ $input.files }", name: "${ $input.files[0].name }" }\n';

async function announce(file_name: string, more: object = {}, key?: string) {
  const made = await api.post('/v2/files', { file_name, ...more }, key === undefined ? {} : { key });
  expect(made.status, made.text).toBe(201);
  return made.body;
}

interface Announced {
  upload_url: string;
  upload_fields: Record<string, string>;
}

/** As a browser does it: every field, then the file. */
function upload({ upload_url, upload_fields }: Announced, content: string | Uint8Array, change: Record<string, string> = {}) {
  const form = new FormData();
  for (const [name, value] of Object.entries({ ...upload_fields, ...change })) form.append(name, value);
  form.append('file', new Blob([typeof content === 'string' ? content : new Uint8Array(content)]), 'local-name.bin');
  return fetch(upload_url, { method: 'POST', body: form, headers: { origin: 'http://localhost:5173' } });
}

async function uploaded(name: string, content: string | Uint8Array, more: object = {}) {
  const file = await announce(name, more);
  const answered = await upload(file, content);
  expect(answered.status, await answered.text()).toBe(204);
  return file;
}

const start = (workflow: string, file_ids: string[], inputs: object = {}) =>
  api.post(`/v1/workflows/${workflow}/command`, { command: 'start', params: { inputs, file_ids } });

describe('announcing', () => {
  test('answers what the contract names', async () => {
    const { upload_fields, ...file } = await announce('order.pdf', { agent_id: 'examples' });
    expect(file).toEqual({
      id: expect.stringMatching(/^[0-9A-Z]{26}$/),
      file_name: 'order.pdf',
      upload_url: expect.stringMatching(/^http/),
      upload_http_method: 'POST',
      upload_http_headers: {},
    });
    expect(upload_fields).toMatchObject({ key: `files/${file.id}`, 'Content-Type': 'application/pdf' });
  });

  test.each([{}, { file_name: '' }, { file_name: 'x'.repeat(257) }, { file_name: 'a\u0000b' }, { file_name: 'a', size: 1 }])(
    'refuses %j',
    async (body) => expectRefusal(await api.post('/v2/files', body), 400, /file_name|size/),
  );

  test('takes 256 characters', async () => {
    expect((await announce('ü'.repeat(256))).file_name).toHaveLength(256);
  });
});

describe('uploading', () => {
  test('a page may upload, and the file is known by size, type and hash', async () => {
    const content = Buffer.from([0, 1, 2, 255, 13, 10, 45, 45]);
    const file = await announce('scan.png');
    const answered = await upload(file, content);
    expect([answered.status, answered.headers.get('access-control-allow-origin')]).toEqual([204, 'http://localhost:5173']);
    expect((await api.get(`/v1/files/${file.id}`)).body).toMatchObject({
      name: 'scan.png',
      status: 'uploaded',
      type: 'image/png',
      size: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
      run_id: null,
    });
  });

  test.each([
    ['another key', { key: 'files/another' }],
    ['another type', { 'Content-Type': 'text/html' }],
    ['a field of its own', { 'x-amz-meta-a': 'b' }],
    ['another signature', { 'X-Amz-Signature': '0'.repeat(64) }],
  ])('with %s is refused', async (_, change) => {
    const file = await announce('scan.png');
    expect((await upload(file, 'x', change)).status).toBe(403);
    expect((await api.get(`/v1/files/${file.id}`)).body.status).toBe('announced');
  });

  test('an empty file is refused, and so is one that is too large', async () => {
    expect((await upload(await announce('a.txt'), '')).status).toBe(400);
    const large = await upload(await announce('a.txt'), new Uint8Array(100 * 1024 * 1024 + 1));
    expect([large.status, await large.text()]).toEqual([400, expect.stringContaining('EntityTooLarge')]);
  });

  test('the permission is good for five minutes', async () => {
    const { upload_fields } = await announce('a.txt');
    const policy = JSON.parse(Buffer.from(upload_fields.Policy, 'base64').toString());
    expect((Date.parse(policy.expiration) - Date.now()) / 1000).toBeGreaterThan(290);
    expect((Date.parse(policy.expiration) - Date.now()) / 1000).toBeLessThanOrEqual(300);
    expect(policy.conditions).toContainEqual(['content-length-range', 1, 100 * 1024 * 1024]);
  });
});

describe('a run', () => {
  test('sees its files, by v1 and by v2', async () => {
    const workflow = await api.publish(LISTS, {
      top: 'output: { files: "${ $steps.only.files }", name: "${ $steps.only.name }" }',
    });
    const [one, two] = [await uploaded('one.csv', 'a,b\n'), await uploaded('two.pdf', 'pdf', { agent_id: 'examples' })];
    const started = await start(workflow, [one.id, two.id]);
    expect(started.status, started.text).toBe(201);
    const run = await api.ended(started.body.id);
    const files = [
      { id: one.id, name: 'one.csv', size: 4, type: 'text/csv' },
      { id: two.id, name: 'two.pdf', size: 3, type: 'application/pdf' },
    ];
    expect(run).toMatchObject({ file_ids: [one.id, two.id], inputs: { files }, outputs: { files, name: 'one.csv' } });

    const v2 = { name: 'v2', process_id: workflow, agent_id: 'examples', stage: 'Published', file_ids: [one.id] };
    const created = await api.post('/v2/runs', v2);
    expect([created.status, created.body.file_ids]).toEqual([201, [one.id]]);
  });

  test('does not start with a file that was not uploaded: it is named', async () => {
    const workflow = await api.publish(LISTS);
    const file = await announce('late.pdf');
    const refused = await start(workflow, [file.id]);
    expectRefusal(refused, 400, /file_ids/);
    expect(refused.body.message).toContain(file.id);
    await upload(file, 'now');
    expect((await start(workflow, [file.id])).status).toBe(201);
  });

  test('does not start with files of another project or workspace, or of nobody', async () => {
    const workflow = await api.publish(LISTS);
    const stranger = await api.keyOf({ workspace: 'other' });
    const file = await announce('theirs.pdf', {}, stranger);
    await upload(file, 'x');
    const elsewhere = await uploaded('elsewhere.pdf', 'x', { agent_id: 'elsewhere' }).catch(() => undefined);
    for (const id of [file.id, ...(elsewhere ? [elsewhere.id] : []), '01ARZ3NDEKTSV4RRFFQ69G5FAV', '../../etc/passwd'])
      expectRefusal(await start(workflow, [id]), 404, /file/);
  });

  test('a schema that names files gets them, and a closed one that does not is no hindrance', async () => {
    const named = 'input:\n  type: object\n  required: [files]\n  properties: { files: { type: array, minItems: 1 } }';
    const closed = 'input: { type: object, additionalProperties: false, properties: { a: {} } }';
    const { id } = await uploaded('one.csv', 'a');
    for (const top of [named, closed]) expect((await start(await api.publish(LISTS, { top }), [id])).status).toBe(201);
    expectRefusal(await start(await api.publish(LISTS, { top: named }), []), 400, /inputs/);
  });

  test('keeps its files: they cannot be deleted any more', async () => {
    const workflow = await api.publish(LISTS);
    const { id } = await uploaded('kept.csv', 'a');
    const { body: run } = await start(workflow, [id]);
    const refused = await api.call('DELETE', `/v1/files/${id}`);
    expectRefusal(refused, 409, /run_id/);
    expect((await api.get(`/v1/files/${id}`)).body.run_id).toBe(run.id);
  });

  test('makes old bytes young, so that they stay as long as it does', async () => {
    const { files } = engineServices();
    const { id } = await uploaded('old.csv', 'a');
    const before = await fetch((await api.get(`/v1/files/${id}/download`)).body.url);
    await files.bytes.renew({ id });
    const after = await fetch((await api.get(`/v1/files/${id}/download`)).body.url);
    expect([await after.text(), after.headers.get('etag')]).toEqual([await before.text(), before.headers.get('etag')]);

    const renewed: string[] = [];
    const bytes = Object.assign(Object.create(files.bytes), { renew: async ({ id: one }: { id: string }) => renewed.push(one) });
    const inDays = (days: number) => new Date(Date.now() + days * 86_400_000);
    await holdFiles({ rows: files.rows, bytes }, [id], 'run1', inDays(24));
    expect(renewed).toEqual([]);
    await holdFiles({ rows: files.rows, bytes }, [id], 'run2', inDays(26));
    expect(renewed).toEqual([id]);
    expect((await files.rows.get(id))?.runId).toBe('run1');
  });

  test('a dry run checks files and keeps none', async () => {
    const workflow = await api.publish(LISTS);
    const { id } = await uploaded('dry.csv', 'a');
    const params = { inputs: {}, file_ids: [id], dry_run: true };
    const dry = await api.post(`/v1/workflows/${workflow}/command`, { command: 'start', params });
    expect(dry.body.inputs.files).toHaveLength(1);
    expect((await api.call('DELETE', `/v1/files/${id}`)).status).toBe(204);
  });
});

describe('its keeper', () => {
  test('downloads by a link that names the file and shows it to nobody as a page', async () => {
    const { id } = await uploaded('Größe "7".html', '<b>x</b>');
    const { body } = await api.get(`/v1/files/${id}/download`);
    const answered = await fetch(body.url);
    expect([answered.status, await answered.text()]).toEqual([200, '<b>x</b>']);
    expect(answered.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20%227%22.html");
    expect((await fetch(body.url.replace(id, '01ARZ3NDEKTSV4RRFFQ69G5FAV'))).status).toBe(403);
    expect((await fetch(body.url.replace(/X-Amz-Expires=\d+/, 'X-Amz-Expires=9999'))).status).toBe(403);
  });

  test('lists, sees and deletes those of the workspace only', async () => {
    const stranger = await api.keyOf({ workspace: 'other' });
    const { id } = await uploaded('mine.csv', 'a');
    expect((await api.get('/v1/files?limit=1')).body.items[0].id).toBe(id);
    for (const [method, path] of [
      ['GET', `/v1/files/${id}`],
      ['GET', `/v1/files/${id}/download`],
      ['DELETE', `/v1/files/${id}`],
    ] as const)
      expectRefusal(await api.call(method, path, { key: stranger }), 404, /file/);
    expect((await api.call('DELETE', `/v1/files/${id}`)).status).toBe(204);
    expectRefusal(await api.get(`/v1/files/${id}`), 404);
  });
});

describe('the http step', () => {
  test('sends a file as its body, with the type of the file', async () => {
    const seen = Promise.withResolvers<unknown>();
    const url = stub.on('/body', (call) => {
      seen.resolve(call.body);
      return {};
    });
    const workflow = await api.publish(
      `  - id: send\n    http: { method: POST, url: "${url}", file: "\${ $input.files[0].id }" }\n`,
    );
    const { id } = await uploaded('order.json', '{"order":7}');
    const { body } = await start(workflow, [id]);
    expect((await api.ended(body.id)).status).toBe('succeeded');
    expect(await seen.promise).toEqual({ order: 7 });
  });

  test('sends files and fields as a form', async () => {
    const url = stub.on('/form', {});
    const workflow = await api.publish(`  - id: send
    http:
      method: POST
      url: "${url}"
      multipart: { kind: invoice, count: 2, scan: { file: "\${ $input.files[0].id }", name: "a.pdf" } }
`);
    const { id } = await uploaded('scan.pdf', 'PDF bytes');
    const { body } = await start(workflow, [id]);
    expect((await api.ended(body.id)).status).toBe('succeeded');
    const sent = String(stub.to('/form')[0]?.body);
    expect(sent).toContain('name="scan"; filename="a.pdf"\r\nContent-Type: application/pdf\r\n\r\nPDF bytes\r\n');
    expect(sent).toContain('name="kind"\r\n\r\ninvoice\r\n');
    expect(sent).toContain('name="count"\r\n\r\n2\r\n');
  });

  test('stores an answer as a file, which the next step sends on', async () => {
    const [from, to] = [stub.on('/reports/march.json', { body: { total: 7 } }), stub.on('/archive', {})];
    const workflow = await api.publish(`  - id: fetch
    http: { method: GET, url: "${from}", save: true }
  - id: send
    http: { method: POST, url: "${to}", file: "\${ $steps.fetch.body.id }" }
`);
    const { body } = await start(workflow, []);
    expect((await api.ended(body.id)).status).toBe('succeeded');
    expect(stub.to('/archive')[0]?.body).toEqual({ total: 7 });
    const { items } = (await api.get('/v1/files?limit=1')).body;
    expect(items[0]).toMatchObject({
      name: 'march.json',
      type: 'application/json',
      size: 11,
      run_id: body.id,
      status: 'uploaded',
    });
  });

  test('does not send what was uploaded in the place of what was seen', async () => {
    const workflow = await api.publish(
      `  - id: send\n    http: { method: POST, url: "${stub.url}/swapped", file: "\${ $input.files[0].id }" }\n`,
    );
    const file = await uploaded('terms.txt', 'as agreed');
    expect((await api.get(`/v1/files/${file.id}`)).body.status).toBe('uploaded');
    await upload(file, 'something else');
    const { body } = await start(workflow, [file.id]);
    expect((await api.ended(body.id)).error).toMatchObject({ name: 'FileUnavailable' });
    expect(stub.count('/swapped')).toBe(0);
  });

  test('does not reach files of others', async () => {
    const workflow = await api.publish(
      `  - id: send\n    http: { method: POST, url: "${stub.url}/leak", file: "\${ $input.id }" }\n`,
    );
    const file = await announce('theirs.txt', {}, await api.keyOf({ workspace: 'other' }));
    await upload(file, 'secret');
    const { body } = await api.start(workflow, { id: file.id });
    expect((await api.ended(body.id)).error).toMatchObject({ name: 'FileUnavailable' });
    expect(stub.count('/leak')).toBe(0);
  });

  test('says at once what cannot be: two bodies, or one with GET', async () => {
    for (const spec of ['method: POST, file: a, body: b', 'method: GET, file: a', 'method: POST, multipart: {}, file: a']) {
      const definition = `format: 1\nname: two-bodies\nsteps:\n  - id: a\n    http: { url: "https://example.com", ${spec} }\n`;
      expect((await api.post('/v1/workflows', { project_id: 'examples', definition })).status).toBe(422);
    }
  });
});
