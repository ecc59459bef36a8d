import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { StepError } from '../../../shared/kernel/step-error.ts';
import { aCaller, aServer, aTcpServer, failureOf } from './server.ts';

const call = aCaller();

/** Answers what it was asked. */
const echo = async (request: IncomingMessage, response: ServerResponse) => {
  const { method, url, headers } = request;
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ method, url, headers, body: await text(request) }));
};

async function echoed(spec: object) {
  const { url } = await aServer(echo);
  const { body } = await call({ url, ...spec });
  return body as { method: string; url: string; headers: Record<string, string>; body: string };
}

describe('the request', () => {
  test('carries query values by their kind; a list repeats, null is left out', async () => {
    const { url } = await aServer(echo);
    const { body } = await call({ url: `${url}/a?z=1`, query: { s: 'a b', n: 2, t: true, list: ['x', 'y'], none: null } });
    expect(body).toMatchObject({ method: 'GET', url: '/a?z=1&s=a+b&n=2&t=true&list=x&list=y' });
  });

  test.each([
    [{ a: 1 }, 'application/json', '{"a":1}'],
    [[1, 2], 'application/json', '[1,2]'],
    [12, 'application/json', '12'],
    [false, 'application/json', 'false'],
    ['grüße', 'text/plain; charset=utf-8', 'grüße'],
  ])('sends %j as %s', async (body, type, sent) => {
    const seen = await echoed({ method: 'POST', body });
    expect(seen).toMatchObject({
      body: sent,
      headers: { 'content-type': type, 'content-length': String(Buffer.byteLength(sent)) },
    });
  });

  test('keeps the content type that the author gives', async () => {
    const seen = await echoed({ method: 'PUT', body: '<a/>', headers: { 'Content-Type': 'application/xml' } });
    expect(seen).toMatchObject({ body: '<a/>', headers: { 'content-type': 'application/xml' } });
  });

  test('sends an object as a form when the header says so', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const seen = await echoed({ method: 'POST', headers, body: { a: 'b c', n: 1, list: [1, 2], none: null } });
    expect(seen.body).toBe('a=b+c&n=1&list=1&list=2');
  });

  test('has no body when it is null, and says so', async () => {
    expect(await echoed({ method: 'POST', body: null })).toMatchObject({ body: '', headers: { 'content-length': '0' } });
  });

  test('turns header values into strings and leaves null out', async () => {
    const { headers } = await echoed({ headers: { 'X-Count': 3, 'X-Flag': true, 'X-None': null } });
    expect(headers).toMatchObject({ 'x-count': '3', 'x-flag': 'true' });
    expect(headers).not.toHaveProperty('x-none');
  });

  test('carries one idempotency key on every attempt, except where nothing changes', async () => {
    expect((await echoed({ method: 'POST' })).headers['idempotency-key']).toBe('run1/lines[2]/book');
    expect((await echoed({ method: 'DELETE' })).headers['idempotency-key']).toBe('run1/lines[2]/book');
    expect((await echoed({ method: 'GET' })).headers).not.toHaveProperty('idempotency-key');
    expect((await echoed({ method: 'POST', headers: { 'Idempotency-Key': 'mine' } })).headers['idempotency-key']).toBe('mine');
  });

  test('is not sent without the connection that it names', async () => {
    const failure = await failureOf(call({ url: 'http://127.0.0.1:1', connection: 'erp' }));
    expect(failure).toMatchObject({ name: 'CredentialRejected', message: 'erp' });
  });
});

describe('the answer', () => {
  test('has status, headers and a parsed body', async () => {
    const { url } = await aServer((_, response) => {
      response.writeHead(201, { 'content-type': 'application/problem+json', 'X-Id': '7' }).end('{"ok":true}');
    });
    expect(await call({ url })).toMatchObject({ status: 201, headers: { 'x-id': '7' }, body: { ok: true } });
  });

  test('of HEAD has the length of a body and none', async () => {
    const { url } = await aServer((_, response) =>
      response.writeHead(200, { 'content-length': 100_000_000, 'content-encoding': 'gzip' }).end(),
    );
    expect(await call({ url, method: 'HEAD' })).toMatchObject({ status: 200, body: null });
  });

  test('that claims to be JSON and is not fails the step', async () => {
    const { url } = await aServer((_, response) => response.setHeader('content-type', 'application/json').end('<html>'));
    expect(await failureOf(call({ url }))).toMatchObject({
      name: 'HttpServerError',
      message: expect.stringContaining('not JSON: <html>'),
    });
  });

  test.each([
    ['{"lines":[{"price":-1e999}]}', 'body.lines.0.price'],
    ['1e999', 'body'],
  ])('with a number that JSON cannot hold fails the step and names the place: %s', async (body, place) => {
    const { url } = await aServer((_, response) => response.setHeader('content-type', 'application/json').end(body));
    expect(await failureOf(call({ url }))).toMatchObject({
      name: 'HttpServerError',
      message: expect.stringMatching(`too large for JSON: ${place}$`),
    });
  });

  test.each([
    [400, 'HttpClientError'],
    [401, 'HttpClientError'],
    [403, 'HttpClientError'],
    [404, 'HttpClientError'],
    [429, 'TooManyRequests'],
    [500, 'HttpServerError'],
    [503, 'HttpServerError'],
  ])('%i fails the step as %s', async (status, name) => {
    const { url } = await aServer((_, response) => response.writeHead(status).end('no'));
    expect(await failureOf(call({ url }))).toMatchObject({ name, data: { status, body: 'no' } });
  });

  test('is told with method, path and the start of the body, never with the query', async () => {
    const { url } = await aServer((_, response) =>
      response.writeHead(500, { 'content-type': 'text/plain' }).end('x'.repeat(100_000)),
    );
    const { message, data } = await failureOf(call({ url: `${url}/orders?key=secret`, method: 'POST' }));
    expect(message).toBe(`POST ${url}/orders answered 500: ${'x'.repeat(500)}`);
    expect(data).toMatchObject({ status: 500, headers: { 'content-type': 'text/plain' }, body: 'x'.repeat(2000) });
  });

  test.each([
    ['7', 7],
    ['Thu, 15 Jan 2026 08:01:00 GMT', 60],
    ['Thu, 15 Jan 2020 08:01:00 GMT', 0],
  ])('429 with retry-after %s says how many seconds to wait', async (value, retryAfterSeconds) => {
    const { url } = await aServer((_, response) => response.writeHead(429, { 'retry-after': value }).end());
    expect(await failureOf(call({ url }))).toMatchObject({ name: 'TooManyRequests', data: { retryAfterSeconds } });
  });

  test.each([
    [503, 7],
    [500, undefined],
    [404, undefined],
  ])('%i asks to wait for %s seconds', async (status, retryAfterSeconds) => {
    const { url } = await aServer((_, response) => response.writeHead(status, { 'retry-after': '7' }).end());
    const { data } = await failureOf(call({ url }));
    expect(data).toMatchObject({ status, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) });
    expect(Object.hasOwn(Object(data), 'retryAfterSeconds')).toBe(retryAfterSeconds !== undefined);
  });

  test('is judged by expect: a status, a range or a list', async () => {
    const { url } = await aServer((_, response) => response.writeHead(404).end());
    expect(await call({ url, expect: 404 })).toMatchObject({ status: 404, body: null });
    expect(await call({ url, expect: '400-404' })).toMatchObject({ status: 404 });
    expect(await call({ url, expect: [200, '404-404'] })).toMatchObject({ status: 404 });
    expect(await failureOf(call({ url, expect: [200, '410-499'] }))).toMatchObject({ name: 'HttpClientError' });
  });

  test('200 fails the step that expects 201', async () => {
    const { url } = await aServer((_, response) => response.end());
    expect(await failureOf(call({ url, expect: 201 }))).toMatchObject({
      name: 'HttpClientError',
      message: expect.stringContaining('answered 200'),
    });
  });
});

describe('time', () => {
  const stalls: [string, Parameters<typeof aServer>[0]][] = [
    ['never answers', () => {}],
    ['sends headers and stalls', (_, response) => response.writeHead(200).flushHeaders()],
    ['stalls in the middle of the body', (_, response) => response.writeHead(200, { 'content-length': 10 }).write('12345')],
    ['stalls in the middle of an error', (_, response) => response.writeHead(500, { 'content-length': 10 }).write('12345')],
  ];

  test.each(stalls)('a server that %s is given up for the reason of the signal', async (_, listener) => {
    const { server, url } = await aServer(listener);
    const abort = new AbortController();
    const failing = failureOf(call({ url }, { signal: abort.signal }));
    await once(server, 'request');
    const reason = new StepError('Timeout', 'took longer than 30s');
    abort.abort(reason);
    expect(await failing).toBe(reason);
  });

  test('a bare time limit fails the step as Timeout', async () => {
    const { url } = await aServer(() => {});
    expect(await failureOf(call({ url }, { signal: AbortSignal.timeout(20) }))).toMatchObject({ name: 'Timeout' });
  });

  test('a signal that is aborted already sends nothing', async () => {
    const { url, connections } = await aServer(echo);
    const reason = new StepError('Timeout', 'too late');
    expect(await failureOf(call({ url }, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(connections()).toBe(0);
  });

  test('a slow body arrives whole', async () => {
    const { url } = await aServer(async (_, response) => {
      response.writeHead(200, { 'content-type': 'text/plain' });
      for (const part of ['a', 'b', 'c']) {
        response.write(part);
        await new Promise(setImmediate);
      }
      response.end();
    });
    expect(await call({ url })).toMatchObject({ body: 'abc' });
  });
});

describe('connections', () => {
  test('serve many calls', async () => {
    const { url, connections } = await aServer(echo);
    for (let i = 0; i < 20; i += 1) await call({ url, method: 'POST', body: { i } });
    expect(connections()).toBe(1);
  });

  test('survive a failed answer and a redirect', async () => {
    const { url, connections } = await aServer((request, response) => {
      if (request.url === '/away') response.writeHead(302, { location: '/fail' }).end('moved');
      else response.writeHead(500).end('x'.repeat(1000));
    });
    for (let i = 0; i < 3; i += 1) await failureOf(call({ url: `${url}/away` }));
    expect(connections()).toBe(1);
  });

  /** Answers the first request of a connection and hangs up on the second. */
  const oneEach = () =>
    aTcpServer((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
        socket.once('data', () => socket.destroy());
      });
    });

  test('that the server closed meanwhile are replaced for methods that may be sent again', async () => {
    const { url, connections } = await oneEach();
    const fresh = aCaller();
    await fresh({ url });
    expect(await fresh({ url })).toMatchObject({ body: 'ok' });
    expect(connections()).toBe(2);
  });

  test('that the server closed meanwhile fail a POST, which may have had its effect', async () => {
    const { url, connections } = await oneEach();
    const fresh = aCaller();
    await fresh({ url });
    expect(await failureOf(fresh({ url, method: 'POST' }))).toMatchObject({ name: 'ConnectionFailed' });
    expect(connections()).toBe(1);
  });

  test('that have been idle for long are not trusted', async () => {
    const { url, connections } = await aServer(echo);
    const fresh = aCaller();
    await fresh({ url });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
    onTestFinished(() => void vi.useRealTimers());
    await fresh({ url, method: 'POST' });
    expect(connections()).toBe(2);
  });
});
