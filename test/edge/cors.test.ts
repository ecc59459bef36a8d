import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, startApi } from './api.ts';

const page = 'https://console.example.com';
let api: Api;
beforeAll(async () => {
  api = await startApi({ bootstrapWorkspace: 'local', bootstrapProject: 'examples', corsOrigins: [page] });
});
afterAll(() => api.close());

const preflight = (origin: string, method: string) =>
  api.call('OPTIONS', '/v1/runs', {
    key: null,
    headers: { origin, 'access-control-request-method': method, 'access-control-request-headers': 'x-api-key' },
  });
const allowed = ({ headers }: { headers: Headers }) => headers.get('access-control-allow-origin');

test('a page that the deployment names may ask, with a key, and read whether an answer was replayed', async () => {
  const asked = await preflight(page, 'POST');
  expect(asked.status).toBe(204);
  expect(allowed(asked)).toBe(page);
  expect(asked.headers.get('access-control-allow-headers')?.split(',')).toEqual(
    expect.arrayContaining(['x-api-key', 'authorization', 'idempotency-key', 'content-type']),
  );
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])
    expect(asked.headers.get('access-control-allow-methods')).toContain(method);
  const answered = await api.get('/v1/runs', { headers: { origin: page } });
  expect([answered.status, allowed(answered), answered.headers.get('access-control-expose-headers')]).toEqual([
    200,
    page,
    expect.stringContaining('idempotent-replay'),
  ]);
});

test('the refusal of a request can be read by that page too', async () => {
  expect(allowed(await api.get('/v1/runs', { key: null, headers: { origin: page } }))).toBe(page);
});

test('no other page may', async () => {
  for (const origin of ['https://evil.example', 'https://console.example.com.evil.example', 'null']) {
    expect(allowed(await preflight(origin, 'POST'))).toBe(null);
    expect(allowed(await api.get('/v1/runs', { headers: { origin } }))).toBe(null);
  }
});
