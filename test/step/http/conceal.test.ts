import { describe, expect, test } from 'vitest';
import { concealHttp } from '../../../shared/step/http/conceal.ts';
import { isSecretField, isSecretName, withoutSecretParameters } from '../../../shared/step/http/secret-names.ts';

describe('names of headers and parameters', () => {
  test.each([
    'Authorization',
    'proxy-authorization',
    'Cookie',
    'x-api-key',
    'X-Auth-Key',
    'x-functions-key',
    'Ocp-Apim-Subscription-Key',
    'x-amz-security-token',
    'X-Amz-Signature',
    'apikey',
    'api_key',
    'accessToken',
    'client_secret',
    'sig',
    'password',
    'sessionId',
    'PHPSESSID_token',
  ])('%s is a credential', (name) => {
    expect(isSecretName(name)).toBe(true);
  });

  test.each([
    'accept',
    'content-type',
    'idempotency-key',
    'x-request-id',
    'author',
    'tokens',
    'keyboard',
    'monkey',
    'page',
    'q',
    '',
  ])('%s is none', (name) => {
    expect(isSecretName(name)).toBe(false);
  });

  test('in a body a key is mostly something else, a password never', () => {
    expect(['key', 'session', 'sig', 'password', 'client_secret', 'refreshToken', 'apiKey'].map(isSecretField)).toEqual([
      ...[false, false, false],
      ...[true, true, true, true],
    ]);
  });
});

test('credentials of a call are left out by their names, and told, so that they can be kept out of failures', () => {
  const { shown, secrets } = concealHttp({
    method: 'POST',
    url: 'https://a.example/x?page=2&api_key=k%2F1#top',
    headers: { authorization: 'Bearer abcdefgh', accept: '*/*', 'x-n': 5, 'x-api-key': null },
    query: { token: ['t1', 't2'], q: 'search' },
    body: { user: 'ada', password: 'hunter2', deep: [{ client_secret: 'cs' }], key: 'ORDER-1' },
  });
  expect(shown).toEqual({
    method: 'POST',
    url: 'https://a.example/x?page=2&api_key=***#top',
    headers: { authorization: '***', accept: '*/*', 'x-n': 5, 'x-api-key': null },
    query: { token: '***', q: 'search' },
    body: { user: 'ada', password: '***', deep: [{ client_secret: '***' }], key: 'ORDER-1' },
  });
  expect(secrets).toEqual(expect.arrayContaining(['k/1', 'k%2F1', 'Bearer abcdefgh', 'abcdefgh', 't1', 't2', 'hunter2', 'cs']));
});

test('what is no form of a call is left as it is', () => {
  expect(concealHttp('x')).toEqual({ shown: 'x', secrets: [] });
  expect(concealHttp({ method: 'GET', url: 'https://a.example/', body: 'password=x' }).shown).toMatchObject({
    body: 'password=x',
  });
});

test('URLs in any text lose their credentials, in linear time', () => {
  expect(withoutSecretParameters('see <https://a.example/?a=1&sig=abc> and /b?token=x"y', '***')).toBe(
    'see <https://a.example/?a=1&sig=***> and /b?token=***"y',
  );
  const started = performance.now();
  withoutSecretParameters('?'.repeat(300_000) + '&a'.repeat(300_000), '***');
  expect(performance.now() - started).toBeLessThan(1000);
});
