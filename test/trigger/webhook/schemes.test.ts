import fc from 'fast-check';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { isSame, type WebhookRequest } from '../../../shared/trigger/webhook/scheme.ts';
import { schemeOf } from '../../../shared/trigger/webhook/schemes.ts';
import { SCHEMES } from '../../../shared/trigger/webhook/webhook.ts';

const AT = new Date('2026-11-23T08:00:00Z');
const signing = SCHEMES.filter((name) => name !== 'none');

const delivered = (body: string, headers: Record<string, string>): WebhookRequest => ({
  method: 'POST',
  headers,
  query: {},
  body: Buffer.from(body),
});

describe.each(signing)('%s', (name) => {
  const scheme = schemeOf({ scheme: name });
  const [secret, other] = [scheme.newSecret(), scheme.newSecret()];
  const verify =
    (request: WebhookRequest, secrets = [secret]) =>
    () =>
      scheme.verify(request, secrets, AT, undefined);

  test('takes any text that it has signed, under either of two secrets', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (body) => {
        const request = delivered(body, scheme.sign(body, secret, AT, undefined));
        expect(verify(request)).not.toThrow();
        expect(verify(request, [other, secret])).not.toThrow();
        expect(verify(request, [other])).toThrow(/signature/);
        expect(verify(request, [])).toThrow(/signature/);
      }),
    );
  });

  test('takes no text with a character changed, added or left out', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.nat(), fc.constantFrom('', 'a', 'ab'), (body, at, put) => {
        const index = at % body.length;
        const changed = body.slice(0, index) + put + body.slice(index + 1);
        fc.pre(changed !== body);
        expect(verify(delivered(changed, scheme.sign(body, secret, AT, undefined)))).toThrow(/signature/);
      }),
    );
  });

  test('takes no signature with a character changed or left out, and no empty one', () => {
    const headers = scheme.sign('{}', secret, AT, undefined);
    const [header = '', signed = ''] = Object.entries(headers).at(-1) ?? [];
    const start = signed.lastIndexOf(/[=,]/.exec(signed)?.[0] === ',' ? ',' : 'v1=') + 1;
    for (let index = Math.max(start, 3); index < signed.length - 2; index += 1) {
      const swapped = signed[index] === '0' ? '1' : '0';
      const change = signed.slice(0, index) + swapped + signed.slice(index + 1);
      expect(verify(delivered('{}', { ...headers, [header]: change })), change).toThrow();
    }
    for (const cut of ['', signed.slice(0, -1), signed.slice(0, start), `${signed}0`])
      expect(verify(delivered('{}', { ...headers, [header]: cut })), cut).toThrow();
  });

  test('makes secrets that it would take', () => {
    expect(scheme.secretProblem(scheme.newSecret())).toBeUndefined();
    expect(scheme.secretProblem('short')).toBeDefined();
    expect(secret).not.toBe(other);
  });
});

test('standard agrees with its library, whichever of several signatures fits', () => {
  const scheme = schemeOf({ scheme: 'standard' });
  const secret = scheme.newSecret();
  const now = new Date();
  const headers = scheme.sign('{"a":1}', secret, now, undefined);
  expect(new StandardWebhook(secret).verify('{"a":1}', headers)).toEqual({ a: 1 });
  const several = `v1a,AAAA v1,AAAA ${headers['webhook-signature']}`;
  const request = delivered('{"a":1}', { ...headers, 'webhook-signature': several });
  expect(() => scheme.verify(request, [secret], now, undefined)).not.toThrow();
});

test.each([
  // The examples that GitHub and Slack publish.
  [
    'sha256',
    "It's a Secret to Everybody",
    'Hello, World!',
    { 'x-hub-signature-256': 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17' },
    AT,
  ],
  [
    'slack',
    '8f742231b10e8888abcd99yyyzzz85a5',
    'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
    {
      'x-slack-request-timestamp': '1531420618',
      'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    },
    new Date(1531420618_000),
  ],
] as const)('%s verifies the published example', (name, secret, body, headers, at) => {
  expect(() => schemeOf({ scheme: name }).verify(delivered(body, headers), [secret], at, undefined)).not.toThrow();
});

test('texts of any length are compared without telling how long the right one is', () => {
  fc.assert(fc.property(fc.string(), fc.string(), (a, b) => void expect(isSame(a, b)).toBe(a === b)));
  fc.assert(fc.property(fc.string(), (a) => void expect(isSame(a, a)).toBe(true)));
});
