import { describe, expect, test } from 'vitest';
import { redirected } from '../../../shared/executor/http/redirect.ts';
import type { HttpRequest } from '../../../shared/executor/http/request.ts';
import { aCaller, aServer, failureOf } from './server.ts';

const call = aCaller();

function aRequest(overrides: Partial<HttpRequest> = {}): HttpRequest {
  return { method: 'GET', url: new URL('https://a.example/x?q=1'), headers: { accept: '*/*' }, ...overrides };
}

describe('a redirect', () => {
  test.each([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'POST', 'GET'],
    [303, 'PUT', 'GET'],
    [303, 'HEAD', 'HEAD'],
    [302, 'PUT', 'PUT'],
    [307, 'POST', 'POST'],
    [308, 'POST', 'POST'],
  ] as const)('%i of %s becomes %s', (status, method, next) => {
    expect(redirected(aRequest({ method }), status, '/y')).toMatchObject({ method: next, url: new URL('https://a.example/y') });
  });

  test('that becomes GET loses the body and what describes it', () => {
    const headers = { accept: '*/*', 'content-type': 'text/plain', 'content-length': '2', 'idempotency-key': 'k' };
    const next = redirected(aRequest({ method: 'POST', headers, body: Buffer.from('hi') }), 303, '/y');
    expect(next).toEqual({ method: 'GET', url: new URL('https://a.example/y'), headers: { accept: '*/*' } });
  });

  test.each([
    'authorization',
    'cookie',
    'x-api-key',
    'x-auth-token',
    'x-auth-key',
    'x-functions-key',
    'x-tenant',
    'referer',
    'idempotency-key',
    'content-type',
  ])('to another origin loses %s', (name) => {
    const request = aRequest({ headers: { accept: '*/*', [name]: 's3cret' } });
    expect(redirected(request, 302, '/y')?.headers).toHaveProperty(name);
    expect(redirected(request, 302, 'https://b.example/')?.headers).toEqual({ accept: '*/*' });
    expect(redirected(request, 302, 'http://a.example/')?.headers).toEqual({ accept: '*/*' });
  });

  test('to another origin and back does not bring the headers back', () => {
    const there = redirected(aRequest({ headers: { accept: '*/*', 'x-auth-key': 's3cret' } }), 302, 'https://b.example/');
    expect(there && redirected(there, 302, 'https://a.example/')?.headers).toEqual({ accept: '*/*' });
  });

  test.each([
    [307, 'POST'],
    [308, 'PUT'],
    [302, 'PATCH'],
  ] as const)('%i of %s with a body to another origin is refused, and nothing is sent there', async (status, method) => {
    const seen: string[] = [];
    const other = await aServer((request, response) => {
      seen.push(request.url ?? '');
      response.end();
    });
    const { url } = await aServer((_, response) => response.writeHead(status, { location: `${other.url}/take?k=1` }).end());
    expect(await failureOf(call({ url: `${url}/x`, method, body: 'private' }))).toMatchObject({
      name: 'HttpClientError',
      message: `${method} ${url}/x redirected to ${other.url}, another origin, which is not sent the body. Call that URL in the step if it may have it.`,
    });
    expect(seen).toEqual([]);
  });

  test('to another origin is followed where nothing of the body would go there', async () => {
    const seen: unknown[] = [];
    const other = await aServer((request, response) => {
      seen.push([request.method, request.headers['content-length'], request.headers['x-functions-key']]);
      response.end();
    });
    const { url } = await aServer((request, response) => {
      response.writeHead(request.method === 'DELETE' ? 307 : 303, { location: other.url }).end();
    });
    const headers = { 'x-functions-key': 's3cret' };
    expect(await call({ url, method: 'POST', body: 'private', headers })).toMatchObject({ status: 200 });
    expect(await call({ url, method: 'DELETE', headers })).toMatchObject({ status: 200 });
    expect(seen).toEqual([
      ['GET', undefined, undefined],
      ['DELETE', undefined, undefined],
    ]);
  });

  test.each(['ftp://a.example/', 'file:///etc/passwd', 'https://user:pass@a.example/', 'http://'])(
    'to %s is refused',
    (location) => {
      expect(() => redirected(aRequest(), 302, location)).toThrow(/https:\/\/a.example\/x redirected to something other/);
    },
  );

  test('without a location, or with a status that is none, is the answer itself', () => {
    expect(redirected(aRequest(), 302, undefined)).toBeUndefined();
    expect(redirected(aRequest(), 304, '/y')).toBeUndefined();
  });

  test('is followed with its body', async () => {
    const { url } = await aServer((request, response) => {
      if (request.url === '/old') response.writeHead(307, { location: '/new' }).end();
      else request.pipe(response);
    });
    expect(await call({ url: `${url}/old`, method: 'POST', body: 'kept' })).toMatchObject({ status: 200, body: 'kept' });
  });

  test('is followed ten times and no more', async () => {
    const { url } = await aServer((request, response) => {
      const left = Number(request.url?.slice(1));
      if (left === 0) response.end();
      else response.writeHead(302, { location: `/${left - 1}` }).end();
    });
    expect(await call({ url: `${url}/10` })).toMatchObject({ status: 200 });
    expect(await failureOf(call({ url: `${url}/11` }))).toMatchObject({
      name: 'HttpClientError',
      message: expect.stringContaining('10 times'),
    });
  });

  test('is the answer when its very status is expected', async () => {
    const { url } = await aServer((_, response) => response.writeHead(302, { location: '/elsewhere' }).end());
    expect(await call({ url, expect: [200, 302] })).toMatchObject({ status: 302, headers: { location: '/elsewhere' } });
  });

  test('to a private address is refused', async () => {
    const { url } = await aServer((_, response) =>
      response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end(),
    );
    expect(await failureOf(call({ url }))).toMatchObject({
      name: 'ConnectionFailed',
      message: expect.stringContaining('169.254.169.254 is not a public address'),
    });
  });

  test('to a name that leads to a private address is refused', async () => {
    const { url } = await aServer((_, response) => response.writeHead(302, { location: 'http://inside.example/' }).end());
    const lured = aCaller({ lookup: (_host, _options, answer) => answer(null, [{ address: '10.0.0.5', family: 4 }]) });
    expect(await failureOf(lured({ url }))).toMatchObject({
      name: 'ConnectionFailed',
      message: expect.stringContaining('10.0.0.5'),
    });
  });
});
