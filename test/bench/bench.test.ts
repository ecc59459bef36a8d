import { beforeAll, describe, expect, test } from 'vitest';
import { GOALS } from '../../bench/goals.ts';
import { measure, type Results } from '../../bench/measure.ts';
import { TINY } from '../../bench/sizes.ts';
import { table } from '../../bench/table.ts';

const SPREAD = { p50: expect.any(Number), p95: expect.any(Number) };

let results: Results;

beforeAll(async () => {
  results = await measure(TINY, () => {});
}, 120_000);

describe('a run of three http steps', () => {
  test('takes three state transitions, one request and five Lambda invocations', () => {
    expect(results.operations.w3).toMatchObject({ transitions: 3, apiRequests: 1, lambdaInvocations: 5 });
  });

  test('keeps to its read and write units', () => {
    expect(results.operations.w3.writeUnits).toBeLessThanOrEqual(GOALS.writeUnits);
    expect(results.operations.w3.readUnits).toBeLessThanOrEqual(GOALS.readUnits);
  });

  test('puts nothing small into the bucket', () => {
    expect(results.operations.w3).toMatchObject({ s3Puts: 0, s3Gets: 0 });
  });

  test('costs at most one and a half times what Step Functions alone would', () => {
    const { w3, raw } = results.operations;
    expect(w3.dollarsPerMillion / raw.dollarsPerMillion).toBeLessThan(GOALS.costOfRaw);
  });
});

describe('the benchmark', () => {
  test('sees every run succeed', () => {
    expect(results.throughput.succeeded).toBe(TINY.throughput.runs);
  });

  test('has a figure for everything it says it measures', () => {
    expect(results).toMatchObject({
      latency: { w3: { seen: SPREAD, ended: SPREAD }, wpar: { seen: SPREAD, ended: SPREAD } },
      boot: { coldMs: null, warmMs: expect.any(Number) },
      memory: { readyMb: expect.any(Number), busyMb: expect.any(Number) },
      lists: TINY.stored.map((stored) => ({ stored, p50: expect.any(Number) })),
    });
  });

  test('prints a table that can be pasted into a document', () => {
    const lines = table(results, { markdown: true }).split('\n');
    expect(lines[0]).toBe('| figure | measured | goal | reached |');
    expect(lines.every((line) => line.split('|').length === 6)).toBe(true);
  });
});
