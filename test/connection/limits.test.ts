import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { passageOf, toldBy } from '../../shared/connection/circuit.ts';
import { limits, spacingOf } from '../../shared/connection/limits.ts';
import { StepError } from '../../shared/kernel/step-error.ts';
import { promisesOfCalls } from '../contract/calls.ts';
import { MemoryCalls } from './memory-calls.ts';

const PER_MS = { '1s': 1_000, '1m': 60_000, '1h': 3_600_000, '1d': 86_400_000 };
const rates = fc.record({
  count: fc.integer({ min: 1, max: 500 }),
  per: fc.constantFrom<keyof typeof PER_MS>('1s', '1m', '1h', '1d'),
});

test('of the instants of a rate, no span holds more than its count, wherever it begins, and nearly as many in the long run', () => {
  fc.assert(
    fc.property(rates, ({ count, per }) => {
      const { intervalMs, burst } = spacingOf({ count, per });
      // The most that can come together: a burst after a pause, then one an interval.
      const inSpan = burst + Math.ceil(PER_MS[per] / intervalMs) - 1;
      expect(inSpan).toBeLessThanOrEqual(count);
      // A millisecond is the smallest distance.
      if (PER_MS[per] / count >= 20) expect(PER_MS[per] / intervalMs).toBeGreaterThanOrEqual(0.85 * count - 1);
    }),
  );
});

test.each<[object, string]>([
  [{ rate: { count: 0, per: '1m' } }, 'rate.count'],
  [{ rate: { count: 5, per: '5x' } }, 'rate.per'],
  [{ rate: { count: 5, per: 60 } }, 'rate.per'],
  [{ rate: { count: 5, per: '90d' } }, 'rate.per'],
  [{ rate: { count: 501, per: '1s' } }, 'rate'],
  [{ rate: { count: 5 } }, 'rate.per'],
  [{ concurrency: 0 }, 'concurrency'],
  [{ concurrency: 201 }, 'concurrency'],
  [{ breaker: { failures: -1 } }, 'breaker.failures'],
  [{ breaker: { pause: 'soon' } }, 'breaker.pause'],
  [{ calls: 5 }, ''],
])('limits such as %j are refused by name', (given, field) => {
  expect(limits.safeParse(given).error?.issues.map(({ path }) => path.join('.'))).toEqual([field]);
});

describe('a circuit', () => {
  const now = new Date('2026-11-23T08:00:00.000Z');
  const circuit = { openedAt: '2026-11-23T07:59:30.000Z', tryAt: '2026-11-23T08:00:30.000Z', reason: 'it is down' };

  test('lets nobody call until its time, then one who tries, and whom a person has asked since it opened', () => {
    expect(passageOf({}, now)).toBe('closed');
    expect(passageOf({ circuit }, now)).toBe('open');
    expect(passageOf({ circuit }, new Date(circuit.tryAt))).toBe('tries');
    expect(passageOf({ circuit }, now, '2026-11-23T07:59:00.000Z')).toBe('open');
    expect(passageOf({ circuit }, now, '2026-11-23T07:59:40.000Z')).toBe('asked');
    expect(passageOf({ circuit, limits: { breaker: { failures: 0, pause: '1m' } } }, now)).toBe('closed');
  });

  test.each<[string, unknown, string | undefined]>([
    ['ConnectionFailed', { code: 'ECONNREFUSED' }, 'fails'],
    ['HttpServerError', { status: 503 }, 'fails'],
    ['Timeout', undefined, 'fails'],
    ['LlmRequestFailed', undefined, 'fails'],
    ['LlmRequestFailed', { status: 529 }, 'fails'],
    ['LlmRequestFailed', { status: 400 }, 'answers'],
    ['HttpClientError', { status: 404 }, 'answers'],
    ['TooManyRequests', { status: 429 }, 'answers'],
    ['CredentialRejected', { status: 401 }, 'answers'],
    ['McpToolFailed', undefined, 'answers'],
    // What was never sent says nothing.
    ['ConnectionFailed', { code: 'ADDRESS_REFUSED' }, undefined],
    ['ConnectionFailed', { code: 'CIRCUIT_OPEN' }, undefined],
    ['ExpressionError', undefined, undefined],
    ['FileUnavailable', undefined, undefined],
    ['StepInterrupted', undefined, undefined],
  ])('%s with %j tells of the other side: %s', (name, data, told) => {
    expect(toldBy(new StepError(name, 'it is so', data))).toBe(told);
  });

  test('a fault of ours tells nothing of the other side', () => expect(toldBy(new Error('a fault'))).toBeUndefined());
});

describe('calls in memory', () => promisesOfCalls((now) => new MemoryCalls(now)));
