import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Cloud } from '../../local/cloud.ts';
import { sturdyServer } from '../../local/http-server.ts';
import { hangUp, listen } from '../../local/listen.ts';
import { cloudInProcess } from '../harness/cloud.ts';
import { calls } from './functions/echo.ts';
import { smallStack } from './small-stack.ts';

let cloud: Cloud;

beforeAll(async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  cloud = await cloudInProcess(smallStack, undefined, { allowedHosts: ['hooks.example'] });
});
afterAll(() => cloud.close());
beforeEach(() => {
  calls.length = 0;
});

const get = (path: string, init?: RequestInit) => fetch(cloud.url + path, init);
const refusal = (status_code: number, message: string) => ({ status_code, message, details: null });
const eventOf = async (response: Response) => JSON.parse(await response.text()).event;

/** Bytes as they are, for what `fetch` would never send. */
function raw(text: string, url = cloud.url): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.end(text));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

test('a function sees the request in payload format 2.0', async () => {
  const response = await get('/things/a%20b/parts/%C3%BC?x=1&x=2&y=a+b', {
    headers: { 'X-Own': 'Value', cookie: 'one=1; two=2' },
  });
  expect(await eventOf(response)).toMatchObject({
    version: '2.0',
    routeKey: 'ANY /things/{thing_id}/parts/{part}',
    rawPath: '/things/a b/parts/ü',
    rawQueryString: 'x=1&x=2&y=a+b',
    cookies: ['one=1', 'two=2'],
    headers: { 'x-own': 'Value', 'x-forwarded-proto': 'http', host: new URL(cloud.url).host },
    queryStringParameters: { x: '1,2', y: 'a b' },
    pathParameters: { thing_id: 'a b', part: 'ü' },
    isBase64Encoded: false,
    requestContext: {
      accountId: '000000000000',
      stage: '$default',
      http: { method: 'GET', path: '/things/a b/parts/ü', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1' },
      time: expect.stringMatching(/^\d\d\/\w{3}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
    },
  });
});

test('repeated headers come in one value', async () => {
  const answer = await raw('GET /any HTTP/1.1\r\nhost: localhost\r\nx-a: 1\r\nx-a: 2\r\nconnection: close\r\n\r\n');
  expect(answer).toContain('"x-a":"1,2"');
});

test.each([
  ['application/json', '{"a":1}', false],
  ['application/problem+json', '{"a":1}', false],
  ['text/plain; charset=utf-8', 'ü', false],
  ['application/octet-stream', 'abc', true],
  ['application/x-www-form-urlencoded', 'a=1', true],
])('a body of type %s reaches the function as API Gateway passes it on', async (type, body, encoded) => {
  const event = await eventOf(
    await get('/things', { method: 'POST', headers: { 'content-type': type }, body: Buffer.from(body) }),
  );
  expect(event.isBase64Encoded).toBe(encoded);
  expect(encoded ? Buffer.from(event.body, 'base64').toString() : event.body).toBe(body);
});

test('a function answers in full, bare or in bytes', async () => {
  const full = await get('/full');
  expect(full.status).toBe(201);
  expect(full.headers.get('x-own')).toBe('yes');
  expect(full.headers.get('content-type')).toBe('text/plain;charset=UTF-8');
  expect(full.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  expect(await full.text()).toBe('made');

  const bare = await get('/bare');
  expect(bare.headers.get('content-type')).toBe('application/json');
  expect(await bare.json()).toEqual({ hello: 'world' });

  const binary = await get('/binary');
  expect([...new Uint8Array(await binary.arrayBuffer())]).toEqual([0, 255, 1]);
});

test.each(['/throws', '/malformed', '/bad-header'])('%s is an internal error to the client', async (path) => {
  const response = await get(path);
  expect(response.status).toBe(500);
  expect(await response.json()).toEqual(refusal(500, 'Internal Server Error'));
});

test('a route that nobody declared is not found', async () => {
  for (const [method, path] of [
    ['POST', '/nowhere'],
    ['POST', '/things/'],
    ['DELETE', '/things'],
    ['PROPFIND', '/things'],
  ] as const) {
    const response = await get(path, { method });
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual(refusal(404, 'Not Found'));
  }
});

test('a body above ten megabytes is refused before the function is called', async () => {
  const body = Buffer.alloc(10 * 1024 * 1024 + 1);
  const answer = await raw(
    `POST /things HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n${body.toString('latin1')}`,
  );
  expect(answer).toMatch(/^HTTP\/1.1 413 /);
  expect(answer).toContain(JSON.stringify(refusal(413, 'Request Entity Too Large')));
  expect(calls).toEqual([]);
});

test('an authorizer lets in, keeps out and is not asked without a credential', async () => {
  const anonymous = await get('/guarded');
  expect([anonymous.status, await anonymous.json()]).toEqual([401, refusal(401, 'Unauthorized')]);
  expect(calls).toEqual([]);

  const denied = await get('/guarded', { headers: { authorization: 'guess' } });
  expect([denied.status, await denied.json()]).toEqual([403, refusal(403, 'Forbidden')]);
  expect(calls).toEqual([
    expect.objectContaining({
      version: '2.0',
      type: 'REQUEST',
      identitySource: ['guess'],
      routeKey: 'GET /guarded',
      routeArn: expect.stringMatching(/^arn:aws:execute-api:us-east-1:000000000000:.+\/\$default\/GET\/guarded$/),
    }),
  ]);

  const allowed = await get('/guarded', { headers: { authorization: 'password' } });
  expect((await eventOf(allowed)).requestContext.authorizer).toEqual({ lambda: { who: 'tester' } });

  const broken = await get('/guarded', { headers: { authorization: 'break' } });
  expect(broken.status).toBe(500);
});

test('a browser of an allowed origin may, of another may not', async () => {
  const ask = (origin: string) =>
    get('/things', { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } });
  const allowed = await ask('https://console.example');
  expect(allowed.status).toBe(204);
  expect(Object.fromEntries(allowed.headers)).toMatchObject({
    'access-control-allow-origin': 'https://console.example',
    'access-control-allow-methods': 'GET,POST',
    'access-control-allow-headers': 'authorization',
    'access-control-max-age': '60',
  });
  const other = await ask('https://elsewhere.example');
  expect(other.status).toBe(204);
  expect(other.headers.get('access-control-allow-origin')).toBeNull();
  expect(calls).toEqual([]);

  const real = await get('/full', { headers: { origin: 'https://console.example' } });
  expect(real.headers.get('access-control-allow-origin')).toBe('https://console.example');
});

test.each([
  'GARBAGE\r\n\r\n',
  'GET / HTTP/9.9\r\n\r\n',
  `GET / HTTP/1.1\r\nhost: localhost\r\nx-long: ${'a'.repeat(70_000)}\r\n\r\n`,
  'POST /things HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\nshort',
  'POST /things HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
  '\u0000\u0001\u0002',
])('malformed bytes end their connection and nothing else (%#)', async (bytes) => {
  for (const url of [cloud.url, cloud.cloudUrl]) {
    await raw(bytes, url);
    await expect(get('/bare')).resolves.toMatchObject({ status: 200 });
  }
});

test.each([
  [431, 'Request Header Fields Too Large', `GET /bare HTTP/1.1\r\nhost: localhost\r\nx-long: ${'a'.repeat(70_000)}\r\n\r\n`],
  [431, 'Request Header Fields Too Large', `GET /${'a'.repeat(70_000)} HTTP/1.1\r\nhost: localhost\r\n\r\n`],
  [400, 'Bad Request', 'GET /%E0%A4%A HTTP/1.1\r\nhost: localhost\r\n\r\n'],
  [400, 'Bad Request', 'GET /a path HTTP/1.1\r\nhost: localhost\r\n\r\n'],
  [400, 'Bad Request', 'GET bare HTTP/1.1\r\nhost: localhost\r\n\r\n'],
  [400, 'Bad Request', 'GARBAGE\r\n\r\n'],
])('what is no request is refused like any other, %i %s (%#)', async (status, message, bytes) => {
  const [head = '', body = ''] = (await raw(bytes)).split('\r\n\r\n');
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} ${message}\r\n`));
  expect(head).toMatch(/^content-type: application\/json\r?$/im);
  expect(JSON.parse(body)).toEqual(refusal(status, message));
});

test('a request that is never finished ends, on every server', async () => {
  const server = sturdyServer(() => {}, 10, { headersTimeout: 50, requestTimeout: 50, connectionsCheckingInterval: 20 });
  const port = await listen(server, 0, 'PORT');
  const answer = await new Promise<string>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('POST / HTTP/1.1\r\nhost: localhost\r\n'));
    socket.on('data', (chunk) => resolve(chunk.toString()));
  });
  expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toEqual(refusal(408, 'Request Timeout'));
  await hangUp(server);

  const { headersTimeout, requestTimeout } = sturdyServer(() => {}, 10);
  expect([headersTimeout, requestTimeout]).toEqual([20_000, 120_000]);
});

describe('a page that makes its own name resolve to this machine', () => {
  const under = (host: string | undefined, path: string) =>
    raw(`GET ${path} HTTP/1.1\r\n${host === undefined ? '' : `host: ${host}\r\n`}connection: close\r\n\r\n`);

  test.each(['evil.example', 'evil.example:4000', '127.0.0.1.evil.example', 'localhost.evil.example', '10.0.0.1', '', undefined])(
    'reads nothing as %s',
    async (host) => {
      for (const path of ['/bare', '/_local/usage']) {
        const answer = await under(host, path);
        expect(answer).toMatch(/^HTTP\/1.1 403 /);
        expect(JSON.parse(answer.slice(answer.indexOf('{')))).toMatchObject({ status_code: 403, details: null });
      }
      expect(calls).toEqual([]);
    },
  );

  test.each(['localhost', 'LOCALHOST:4000', '127.0.0.1', '[::1]:4000', 'hooks.example'])('%s is a name of it', async (host) => {
    expect(await under(host, '/bare')).toMatch(/^HTTP\/1.1 200 /);
  });
});

test('requests and invocations are counted and priced', async () => {
  const usage = async (): Promise<ReturnType<Cloud['usage']>> => JSON.parse(await (await get('/_local/usage')).text());
  const before = (await usage()).operations;
  await get('/bare');
  const { operations, dollars, prices } = await usage();
  expect(operations.api.requests - before.api.requests).toBe(1);
  expect(operations.lambda.invocations - before.lambda.invocations).toBe(1);
  expect(operations.lambda.gbSeconds).toBeGreaterThan(before.lambda.gbSeconds);
  expect(dollars.total).toBeGreaterThan(0);
  expect(prices).toEqual({ region: 'us-east-1', asOf: expect.any(String) });
});
