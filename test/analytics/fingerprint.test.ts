import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fingerprintOf, patternOf } from '../../shared/kernel/fingerprint.ts';

const of = (message: string, more = {}) => fingerprintOf({ workflowId: 'w', step: 'pay', name: 'Http', message, ...more });

describe('failures with the same cause have one fingerprint', () => {
  test.each([
    ['numbers', 'order 4711 is sold out', 'order 99 is sold out'],
    ['ids', 'no customer 01KBJZ4T5XW9Q1C8', 'no customer 01KBJZ9ZZZZZZZZZ'],
    ['UUIDs', 'trace 8f14e45f-ceea-467f-a0e6-1d4f3b7c9a11', 'trace 0cc175b9-c0f1-46b6-831c-399e26977266'],
    ['times', 'since 2026-11-28T01:02:03.000Z', 'since 2025-01-01T00:00:00Z'],
    ['addresses', 'connect 10.0.0.1:443 refused', 'connect 192.168.1.20:8443 refused'],
    ['space', 'a  lot\nof 1', 'a lot of 2'],
  ])('whatever their %s', (_, one, other) => expect(of(one)).toBe(of(other)));

  test('and another one where words, step, error or workflow differ', () => {
    const all = [
      of('sold out'),
      of('not found'),
      of('sold out', { step: 'ship' }),
      of('sold out', { step: undefined }),
      of('sold out', { name: 'Other' }),
      of('sold out', { workflowId: 'v' }),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  test('a pattern keeps words and says where something was', () => {
    expect(patternOf('order 4711-A of 2026-11-28T01:02Z failed (HTTP 503), try 2/3')).toBe(
      'order #-A of # failed (HTTP #), try #',
    );
  });
});

test('any message has a short one, again and again the same, and half a character does no harm', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 700 }), (message) => {
      expect(of(message)).toMatch(/^[\w-]{16}$/);
      expect(of(message)).toBe(of(message));
    }),
  );
  expect(of('\ud83d')).toMatch(/^[\w-]{16}$/);
});

test('a message of any length takes no time', () => {
  const messages = ['1-', 'a', '1', ' ', '#-', 'é1'].map((piece) => piece.repeat(300_000));
  const began = performance.now();
  for (const message of messages) of(message);
  expect(performance.now() - began).toBeLessThan(500);
});
