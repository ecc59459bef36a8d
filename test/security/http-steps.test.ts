import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, startApi } from '../edge/api.ts';

/** What other sides may do to a step. */
const MISDEEDS: Record<string, RequestListener> = {
  '/huge': (request, response) => {
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    let sent = 0;
    response.writeHead(200, { 'content-type': 'text/plain' });
    const more = () => {
      while (sent < 100 && !response.destroyed) {
        sent += 1;
        if (!response.write(chunk)) return response.once('drain', more);
      }
      return response.end();
    };
    request.on('error', () => {});
    more();
  },
  '/silent': () => {},
  '/slow': (_, response) => {
    response.writeHead(200);
    const drip = setInterval(() => response.write('x'), 100);
    response.on('close', () => clearInterval(drip));
  },
  '/round': (_, response) => response.writeHead(302, { location: '/round' }).end(),
  '/metadata': (_, response) => response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end(),
  '/file': (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
  '/half': (_, response) =>
    response.writeHead(500, { 'content-type': 'text/plain' }).end('x'.repeat(199) + '\u{1f680}'.repeat(20_000)),
  '/liar': (_, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('<html>'),
  '/deep': (_, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(`${'['.repeat(500_000)}1${']'.repeat(500_000)}`),
  '/proto': (_, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"__proto__":{"polluted":1},"constructor":{"x":1}}'),
  '/binary': (_, response) =>
    response
      .writeHead(200, { 'content-type': 'application/json; charset=utf-8' })
      .end(Buffer.from([0x22, 0xff, 0xfe, 0x00, 0x22])),
  '/headers': (_, response) =>
    response.writeHead(200, Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`x-h${n}`, 'y'.repeat(100)]))).end('ok'),
};

const server = createServer((request, response) => (MISDEEDS[request.url ?? ''] ?? MISDEEDS['/liar'])?.(request, response));
const rude = createTcpServer((socket) => {
  socket.on('error', () => {});
  socket.write('220 mail.example ESMTP\r\n');
  socket.end();
});
const listening = (one: Server) =>
  new Promise<number>((resolve) => {
    one.listen(0, '127.0.0.1', () => {
      const address = one.address();
      resolve(typeof address === 'object' ? (address?.port ?? 0) : 0);
    });
  });

let base: string;
let rudeBase: string;
beforeAll(async () => {
  base = `http://127.0.0.1:${await listening(server)}`;
  rudeBase = `http://127.0.0.1:${await listening(rude)}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rude.close();
});

/** How a run of one call ends. */
async function call(api: Api, url: string, more = '') {
  const { body } = await api.start(
    await api.publish(`  - id: call\n    http: { method: GET, url: '${url}' }\n    timeout: 2s\n${more}`),
  );
  const run = await api.ended(body.id);
  const { body: context } = await api.get(`/v1/runs/${body.id}/context?step=call`);
  for (const what of ['/events', '/context']) expect((await api.get(`/v1/runs/${body.id}${what}`)).status).toBe(200);
  expect((await api.get('/v2/health')).status).toBe(200);
  return { run, step: context.steps[0] };
}

describe('what the other side does ends the step under a stable name', () => {
  let api: Api;
  beforeAll(async () => {
    api = await startApi();
  });
  afterAll(() => api.close());

  test.each([
    ['an answer of 100 MB', '/huge', 'OutputTooLarge'],
    ['no answer', '/silent', 'Timeout'],
    ['an answer without end', '/slow', 'Timeout'],
    ['redirects in a round', '/round', 'HttpClientError'],
    ['a redirect to a file', '/file', 'HttpClientError'],
    ['a long error page that is cut in the middle of a character', '/half', 'HttpServerError'],
    ['JSON that is none', '/liar', 'HttpServerError'],
  ])('%s', async (_, path, name) => {
    const { run, step } = await call(api, base + path);
    expect(run).toMatchObject({ status: 'failed', error: { name, step: 'call' } });
    expect(step).toMatchObject({ status: 'failed', error: { name } });
  });

  test.each([
    ['a port where nobody listens', 'http://127.0.0.1:1/', 'ConnectionFailed'],
    ['a host that is none', 'http://no-such-host.invalid/', 'ConnectionFailed'],
    ['a url that is none', 'http://', 'ExpressionError'],
    ['another scheme', 'gopher://mail.example/', 'ExpressionError'],
  ])('%s', async (_, url, name) => {
    const id = await api.publish("  - id: call\n    http: { method: GET, url: '${ $input.url }' }\n    timeout: 5s\n");
    const { body } = await api.start(id, { url });
    expect((await api.ended(body.id)).error).toMatchObject({ name, step: 'call' });
  });

  test('a server that does not speak HTTP', async () => {
    expect((await call(api, rudeBase)).run.error.name).toBe('ConnectionFailed');
  });

  test.each(['/deep', '/proto', '/binary', '/headers'])('%s is taken or refused, and nothing else happens', async (path) => {
    const { run } = await call(api, base + path);
    expect(['succeeded', 'failed']).toContain(run.status);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  test('a header with a line break is not sent', async () => {
    const id = await api.publish(
      `  - id: call\n    http: { method: GET, url: '${base}/headers', headers: { x-a: '\${ $input.h }' } }\n`,
    );
    const { body } = await api.start(id, { h: 'a\r\nx-evil: 1' });
    expect((await api.ended(body.id)).error.name).toBe('ExpressionError');
  });
});
