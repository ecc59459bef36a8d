import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { operations, routes } from '../../shared/api/routes.ts';
import { refusal } from '../../shared/edge/answer.ts';
import { callerIn, keyIn } from '../../shared/edge/caller.ts';
import { toResult } from '../../shared/edge/payload.ts';
import { readBody, readPart } from '../../shared/edge/request.ts';
import type { Operation } from '../../shared/edge/route.ts';
import { badToken, readToken, writeToken } from '../../shared/kernel/list-token.ts';
import { Problem } from '../../shared/kernel/problem.ts';

const event = (body: string | undefined, headers: Record<string, string> = {}, isBase64Encoded = false) =>
  ({ body, headers, isBase64Encoded }) as Parameters<typeof readBody>[0];

/** The value, or the kind of the problem. Whatever else is thrown fails the test. */
function outcome<T>(read: () => T): { value: T } | { problem: string } {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof Problem) return { problem: error.kind };
    throw error;
  }
}

describe('a body', () => {
  test('that is JSON is read as it is, in text and in base64', () => {
    fc.assert(
      fc.property(fc.json({ noUnicodeString: false, maxDepth: 8 }), (text) => {
        fc.pre(!text.includes('__proto__'));
        const value: unknown = JSON.parse(text);
        expect(readBody(event(text))).toEqual(value);
        expect(readBody(event(Buffer.from(text).toString('base64'), {}, true))).toEqual(value);
      }),
    );
  });

  test('of any text or bytes is read or refused', () => {
    const body = fc.oneof(fc.string({ unit: 'binary' }), fc.base64String());
    fc.assert(
      fc.property(body, fc.boolean(), fc.option(fc.string()), (text, base64, type) => {
        const answer = outcome(() => readBody(event(text, type === null ? {} : { 'content-type': type }, base64)));
        expect(answer).toBeTypeOf('object');
      }),
    );
  });

  test('that is no UTF-8 is refused, one with a mark of its byte order is not', () => {
    const bytes = (...of: number[]) => event(Buffer.from(of).toString('base64'), {}, true);
    expect(outcome(() => readBody(bytes(0x22, 0xff, 0x22)))).toEqual({ problem: 'invalid' });
    expect(outcome(() => readBody(bytes(0xef, 0xbb, 0xbf, 0x37)))).toEqual({ value: 7 });
  });
});

describe('whatever comes instead of the parts of a request', () => {
  const anything = fc.anything({ withNullPrototype: true, withBigInt: false, maxDepth: 4 });

  const parts = Object.entries<Operation>(operations).flatMap(([id, { params, query, body }]) =>
    (
      [
        ['path', params],
        ['query', query],
        ['body', body],
      ] as const
    ).flatMap(([part, schema]) => (schema ? [{ id, part, schema }] : [])),
  );
  test.each(parts)('$id takes or refuses it as $part', ({ part, schema }) => {
    fc.assert(
      fc.property(anything, (value) => void expect(outcome(() => readPart(part, schema, value))).toBeTypeOf('object')),
      { numRuns: 60 },
    );
  });

  test('a refusal of a part names every unknown field', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.stringMatching(/^x[a-z]{1,8}$/), { minLength: 1, maxLength: 5 }), (names) => {
        const fields = Object.fromEntries(names.map((name) => [name, 1]));
        try {
          readPart('query', operations.listKeys.query, fields);
          expect.unreachable();
        } catch (error) {
          expect(error instanceof Problem && error.details.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
        }
      }),
    );
  });
});

describe('a token', () => {
  const id = fc.stringMatching(/^[0-9A-HJKMNP-TV-Z]{26}$/);

  test('is read by the list that wrote it and by no other', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), id, (list, other, at) => {
        expect(readToken(list, writeToken(list, at))).toBe(at);
        if (other !== list) expect(outcome(() => readToken(other, writeToken(list, at)))).toEqual({ problem: 'invalid' });
      }),
    );
  });

  test('that is anything else is refused', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.base64String(),
          fc.json().map((text) => Buffer.from(text).toString('base64url')),
        ),
        (token) => {
          expect(outcome(() => readToken('list', token))).toEqual({ problem: 'invalid' });
        },
      ),
    );
    expect(badToken('x'.repeat(5000)).details[0]?.value).toHaveLength(100);
  });
});

describe('headers', () => {
  test('give a key or none, whatever they hold', () => {
    fc.assert(
      fc.property(fc.option(fc.string()), fc.option(fc.string()), (key, bearer) => {
        const found = keyIn({ 'x-api-key': key ?? undefined, authorization: bearer ?? undefined });
        expect(found === undefined || (found.length > 0 && found.length <= 200)).toBe(true);
      }),
    );
    expect(keyIn({ authorization: 'bearer  abc' })).toBe('abc');
    expect(keyIn({ 'x-api-key': 'a', authorization: 'Bearer b' })).toBe('a');
  });

  test('an identity is what the authorizer says, whole, or nobody', () => {
    fc.assert(
      fc.property(fc.anything(), (lambda) => {
        expect(callerIn({ requestContext: { authorizer: { lambda } } } as never)).toBeUndefined();
      }),
    );
    const lambda = { kind: 'key', id: 'k', name: 'n', workspace: 'w', role: 'viewer' };
    expect(callerIn({ requestContext: { authorizer: { lambda } } } as never)).toEqual(lambda);
    expect(callerIn({ requestContext: { authorizer: { lambda: { ...lambda, role: 'root' } } } } as never)).toBeUndefined();
  });
});

describe('an answer', () => {
  test('to a fault of ours says nothing of it', () => {
    const { status, body } = refusal(new Error('connect ECONNREFUSED 10.0.0.7 /srv/app/table.ts'), 'req-1');
    expect([status, JSON.stringify(body)]).toEqual([500, expect.not.stringContaining('10.0.0.7')]);
    expect(body).toMatchObject({ details: [{ name: 'request_id', value: 'req-1' }] });
  });

  test.each(['ThrottlingException', 'ProvisionedThroughputExceededException', 'TooManyRequestsException', 'SlowDown'])(
    'to %s is 429 with the time to wait',
    (name) => {
      expect(refusal(Object.assign(new Error('no'), { name }), 'r')).toMatchObject({
        status: 429,
        headers: { 'retry-after': '1' },
        body: { status_code: 429 },
      });
    },
  );

  test('that is large is packed for whoever can unpack it, and refused when it fits nowhere', () => {
    const large = (length: number) => ({ status: 200, body: 'x"'.repeat(length / 2) });
    expect(toResult(large(1000), 'gzip')).not.toHaveProperty('isBase64Encoded');
    expect(toResult(large(1_000_000), 'gzip, br')).toMatchObject({
      isBase64Encoded: true,
      headers: { 'content-encoding': 'gzip' },
    });
    for (const accept of ['', 'br', 'gzip;q=0']) expect(toResult(large(1_000_000), accept)).not.toHaveProperty('isBase64Encoded');
    expect(outcome(() => toResult(large(5_000_000), ''))).toEqual({ problem: 'too-large' });
    expect(outcome(() => toResult(large(5_000_000), 'gzip'))).toMatchObject({ value: { statusCode: 200 } });
  });

  test('to one million mistakes is short', () => {
    const details = Array.from({ length: 100_000 }, (_, n) => ({ name: `f${n}`, value: 'x'.repeat(2000) }));
    const { body } = refusal(new Problem('invalid', 'x'.repeat(100_000), details), 'r');
    expect(JSON.stringify(body).length).toBeLessThan(200_000);
  });
});

test('every route has a body only where methods carry one', () => {
  for (const { method, body } of routes) if (body) expect(['POST', 'PUT', 'PATCH']).toContain(method);
});
