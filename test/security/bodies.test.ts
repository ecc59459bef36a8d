import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Api, expectRefusal, ONE_STEP, startApi } from '../edge/api.ts';

let api: Api;
let workflow: string;
beforeAll(async () => {
  api = await startApi();
  workflow = await api.publish(ONE_STEP);
});
afterAll(() => api.close());
afterEach(async () => expect((await api.get('/v2/health', { key: null })).status).toBe(200));

const start = (body: unknown, headers?: Record<string, string>) =>
  api.post(`/v1/workflows/${workflow}/command`, body, headers && { headers });
const nested = (depth: number, open: string, close: string) =>
  `{"command":"start","params":{"inputs":${open.repeat(depth)}1${close.repeat(depth)}}}`;

describe('a body that is no request is 400 in words', () => {
  test.each([
    ['nothing of JSON', 'hello'],
    ['half of JSON', '{"command": "start"'],
    ['two of JSON', '{} {}'],
    ['a comment', '{"command": "start" /* now */}'],
    ['a single quote', "{'command': 'start'}"],
    ['a NUL', '\u0000'],
    ['a number', '5'],
    ['null', 'null'],
    ['nothing', ''],
    ['blanks', '   \n '],
    ['lists without end', '['.repeat(1_000_000)],
    ['101 levels of objects', nested(101, '{"a":', '}')],
    ['a hundred thousand levels of objects', nested(100_000, '{"a":', '}')],
    ['a hundred thousand levels of lists', nested(100_000, '[', ']')],
    ['a number too large for JSON', '{"command":"start","params":{"inputs":1e999}}'],
  ])('%s', async (_, body) => {
    expectRefusal(await start(body), 400);
  });

  test.each([
    ['at the top', '{"command":"start","__proto__":{"polluted":1}}'],
    ['in inputs', '{"command":"start","params":{"inputs":{"__proto__":{"polluted":1}}}}'],
    ['deep in inputs', '{"command":"start","params":{"inputs":{"a":[{"__proto__":{"polluted":1}}]}}}'],
    ['in parameters', '{"command":"start","params":{"__proto__":{"inputs":{"a":1}}}}'],
    ['written otherwise', '{"command":"start","params":{"inputs":{"\\u005f_proto__":{"polluted":1}}}}'],
  ])('__proto__ %s', async (_, body) => {
    expectRefusal(await start(body), 400, '__proto__');
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });
});

test.each([
  ['1e999', 'params.inputs.n'],
  ['-1e999', 'params.inputs.n'],
  ['{"lines":[0,{"price":1e400}]}', 'params.inputs.n.lines.1.price'],
])('a number that would be stored as null is refused by its name: %s', async (number, field) => {
  expectRefusal(await start(`{"command":"start","params":{"inputs":{"n":${number}}}}`), 400, new RegExp(`^${field}$`));
});

test('names that only look like poison are data', async () => {
  const inputs = { constructor: { prototype: { polluted: 1 } }, prototype: 1, toString: 'x', hasOwnProperty: 1 };
  const { status, body } = await start({ command: 'start', params: { inputs } });
  expect(status).toBe(201);
  expect((await api.ended(body.id)).inputs).toEqual(inputs);
  expect(Reflect.get({}, 'polluted')).toBeUndefined();
});

describe('a body that is too large', () => {
  test('for a value is 413 and says the limit', async () => {
    const answered = await start({ command: 'start', params: { inputs: { a: 'x'.repeat(5.5 * 1024 * 1024) } } });
    expectRefusal(answered, 413);
    expect(answered.body.message).toContain('limit');
  });

  test('for the gateway is 413', async () => {
    const answered = await start('x'.repeat(11 * 1024 * 1024)).catch(() => undefined);
    // A gateway may hang up on whoever goes on sending.
    if (answered) expect(answered.status).toBe(413);
  });

  test('with a mistake in each of many places gets a short answer', { timeout: 60_000 }, async () => {
    const run = { name: 'x', process_id: workflow, agent_id: 'examples', stage: 'Published' };
    const bodies = [
      { ...run, inputs: Array(1_000_000).fill(1) },
      { ...run, file_ids: Array(1_000_000).fill(1) },
      { ...run, ['k'.repeat(4_000_000)]: 1 },
      { ...run, ...Object.fromEntries(Array.from({ length: 200_000 }, (_, n) => [`k${n}`, 1])) },
      { ...run, name: 'x'.repeat(4_000_000), stage: 'x'.repeat(100_000) },
    ];
    for (const body of bodies) {
      const answered = await api.post('/v2/runs', body);
      expectRefusal(answered, 400);
      expect(answered.text.length).toBeLessThan(200_000);
    }
  });
});

test('a run of large values is read by everybody, packed or not: what no answer holds is cut, and linked to', {
  timeout: 60_000,
}, async () => {
  // Quotes are escaped, and escaped again on the way through Lambda.
  const id = await api.publish(`  - id: only\n    set: { x: '\${ $pad("", 1700000, "\\"") }' }\n`, {
    top: 'output: { x: "${ $steps.only.x }" }',
  });
  const { body } = await api.start(id);
  const whole = `/v1/runs/${body.id}/values/outputs`;
  expect((await api.ended(body.id)).outputs.x).toMatchObject({ truncated: true, bytes: 3_400_002, whole });
  for (const version of ['v1', 'v2']) await sameUnpacked(`/${version}/runs/${body.id}`);
  for (const more of ['context', 'context?step=only', 'events']) await sameUnpacked(`/v1/runs/${body.id}/${more}`);
  const { outputs } = (await api.get(`/v2/runs/${body.id}`)).body;
  expect(outputs).toEqual([{ name: 'x', value: `${'"'.repeat(1000)}... (cut: 3400002 bytes; the whole: ${whole})` }]);
  expect(await wholeOf(whole)).toEqual({ x: '"'.repeat(1_700_000) });
});

test('three values just small enough to be shown fit into one answer, whatever they hold', { timeout: 60_000 }, async () => {
  const id = await api.publish('  - id: only\n    set: { x: "${ $input.x }" }\n', { top: 'output: { x: "${ $steps.only.x }" }' });
  const x = '"'.repeat(393_000);
  const { body } = await api.start(id, { x });
  expect((await api.ended(body.id)).outputs).toEqual({ x });
  const { variables, steps } = await sameUnpacked(`/v1/runs/${body.id}/context?step=only`);
  expect([variables.input, steps[0].input, steps[0].output]).toEqual([{ x }, { x }, { x }]);
});

test('3.3 MB of inputs and as much output', { timeout: 60_000 }, async () => {
  const id = await api.publish('  - id: only\n    set: { x: "${ $input.large }" }\n', {
    top: 'output: { order: "${ $input.order }", x: "${ $steps.only.x }" }',
  });
  const inputs = { order: 'PO-7', large: 'x'.repeat(3_300_000) };
  const { status, body } = await api.start(id, inputs, { headers: { 'accept-encoding': 'identity' } });
  expect(status).toBe(201);
  await api.ended(body.id);
  const run = await sameUnpacked(`/v1/runs/${body.id}`);
  expect(run.inputs).toMatchObject({ order: 'PO-7', large: { truncated: true, bytes: 3_300_002 } });
  expect(run.outputs).toMatchObject({ order: 'PO-7', x: { truncated: true, bytes: 3_300_002 } });
  for (const more of ['context', 'context?step=only', 'events']) await sameUnpacked(`/v1/runs/${body.id}/${more}`);
  await sameUnpacked(`/v2/runs/${body.id}`);
  expect(await wholeOf(run.inputs.large.whole)).toEqual(inputs);
  expect(await wholeOf(run.outputs.x.whole)).toEqual({ order: 'PO-7', x: inputs.large });
  const plain = { headers: { 'accept-encoding': 'identity' } };
  const dry = { command: 'start', params: { inputs, dry_run: true } };
  expect((await api.post(`/v1/workflows/${id}/command`, dry, plain)).body.inputs.large).toMatchObject({ whole: null });
  const rerun = await api.post(`/v1/runs/${body.id}/rerun`, { from: 'start' }, plain);
  expect(rerun.status).toBe(201);
  expect(rerun.body.inputs.large).toMatchObject({ whole: `/v1/runs/${rerun.body.id}/values/inputs` });
  const other = await api.keyOf({ workspace: 'other' });
  expectRefusal(await api.get(run.inputs.large.whole, { key: other }), 404);
  expectRefusal(await api.get(`/v1/runs/${body.id}/values/outputs?step=nothing`), 404);
  expectRefusal(await api.get(`/v1/runs/${body.id}/values/secrets`), 400);
});

const wholeOf = async (path: string) => (await fetch((await api.get(path)).body.url)).json();

/** Without gzip the answer is the same as with it. */
async function sameUnpacked(path: string) {
  const plain = await api.get(path, { headers: { 'accept-encoding': 'identity' } });
  expect(plain.status, path).toBe(200);
  expect(plain.headers.get('content-encoding')).toBeNull();
  expect(plain.text === (await api.get(path)).text).toBe(true);
  return plain.body;
}

describe('a type of body that is not JSON is 415', () => {
  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/octet-stream',
    'text/json',
    'json',
    'application/jsonp',
    'application/json-seq',
  ])('%s', async (type) => {
    expectRefusal(await start('{"command":"start"}', { 'content-type': type }), 415);
  });

  test.each(['application/json', 'application/json; charset=utf-8', 'APPLICATION/JSON', 'application/problem+json'])(
    '%s is',
    async (type) => {
      expect((await start('{"command":"start"}', { 'content-type': type })).status).toBe(201);
    },
  );
});

describe('an address that leads elsewhere', () => {
  test.each([
    '..%2f..%2fetc%2fpasswd',
    '..%5c..%5c',
    '%00',
    'RUN%23x',
    'x%0d%0aset-cookie:%20a=b',
    '%F0%9F%9A%80',
    "'%20OR%201=1",
    '${7*7}',
    '%7B%7B7*7%7D%7D',
    'a'.repeat(2000),
    '*',
    '__proto__',
    'constructor',
  ])('/v1/runs/%s is refused', async (id) => {
    const answered = await api.get(`/v1/runs/${id}`);
    expect([400, 404]).toContain(answered.status);
    expect(answered.headers.get('set-cookie')).toBe(null);
  });

  test.each(['/v1', '/v1/', '/v1/runs/', '/v1//runs', '/v1/runs/x/y/z', '/.env', '/v1/runs%2fx'])(
    '%s is no route',
    async (path) => {
      const answered = await api.get(path);
      expect([400, 404]).toContain(answered.status);
      expect(answered.text.length).toBeLessThan(300);
    },
  );

  test.each(['/', '/V1/RUNS', '//evil.example/x'])(
    '%s is the console, which says nothing of what was asked and leads nowhere',
    async (path) => {
      const answered = await fetch(api.url + path, { redirect: 'manual' });
      expect([200, 503]).toContain(answered.status);
      expect(answered.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(await answered.text()).not.toMatch(/evil|RUNS/);
    },
  );

  test.each([
    'PUT /v1/runs',
    'DELETE /v1/runs/x',
    'PATCH /v2/runs',
    'POST /v1/runs',
    'HEAD /v1/runs',
    'OPTIONS /v1/runs',
    'TRACE /v1/runs',
    'PROPFIND /v1/runs',
    'POST /openapi.json',
  ])('%s is no route', async (route) => {
    const [method = '', path = ''] = route.split(' ');
    const answered = await api.call(method, path).catch((error: unknown) => error);
    // TRACE is refused by the client itself.
    if (answered instanceof Error) expect(method).toBe('TRACE');
    else expect(answered).toMatchObject({ status: 404 });
  });

  test('by a header that claims another method or path is not followed', async () => {
    const headers = {
      'x-http-method-override': 'DELETE',
      'x-original-url': '/v1/api-keys',
      'x-forwarded-host': 'evil.example',
      'x-rewrite-url': '/',
    };
    expect((await api.get(`/v1/workflows/${workflow}`, { headers })).body.id).toBe(workflow);
    expect((await api.get(`/v1/workflows/${workflow}`)).status).toBe(200);
  });

  test('a query of many names, or of huge ones, is refused', async () => {
    const many = new URLSearchParams(Array.from({ length: 500 }, (_, n): [string, string] => [`q${n}`, 'x'])).toString();
    expectRefusal(await api.get(`/v1/runs?${many}`), 400);
    expectRefusal(await api.get(`/v1/runs?continuation_token=${'a'.repeat(8000)}`), 400, 'continuation_token');
    expectRefusal(await api.get('/v1/runs?%00=%ff'), 400);
    expectRefusal(await api.get('/v1/runs?constructor=1&toString=2'), 400);
    // Longer than any client sends: the gateway may refuse it as a whole.
    expect((await api.get(`/v1/runs?q=${'a'.repeat(60_000)}`)).status).toBeGreaterThanOrEqual(400);
  });
});

describe('bytes that are no HTTP', () => {
  const send = (bytes: string) =>
    new Promise<string>((resolve) => {
      let answer = '';
      const socket = connect(Number(new URL(api.url).port), '127.0.0.1', () => socket.write(bytes, 'latin1'));
      socket.on('data', (chunk) => {
        answer += chunk;
      });
      socket.on('error', () => resolve(answer));
      socket.on('close', () => resolve(answer));
      socket.setTimeout(1000, () => socket.destroy());
    });

  test.each([
    ['garbage', '\x16\x03\x01\x00\xa5\x01\x00\r\n\r\n'],
    ['no version', 'GET /v1/runs\r\n\r\n'],
    ['a header with a line break', 'GET /v1/runs HTTP/1.1\r\nhost: x\r\nx-api-key: a\nb\r\nconnection: close\r\n\r\n'],
    ['two lengths', 'POST /v2/runs HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!'],
    [
      'a length and chunks',
      'POST /v2/runs HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/runs HTTP/1.1\r\n\r\n',
    ],
    ['a path that cannot be decoded', 'GET /v1/runs/%zz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'],
    ['a whole address as path', 'GET http://169.254.169.254/latest HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'],
    ['headers without end', `GET /v1/runs HTTP/1.1\r\n${'x: y\r\n'.repeat(20_000)}\r\n\r\n`],
  ])('%s are answered by 4xx or by nothing', async (_, bytes) => {
    expect(await send(bytes)).toMatch(/^(HTTP\/1\.1 4|$)/);
  });
});
