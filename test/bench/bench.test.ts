import { beforeAll, describe, expect, test } from 'vitest';
import { measure, PART_NAMES, type Results } from '../../bench/measure.ts';
import { GOALS } from '../../bench/report/goals.ts';
import { tables } from '../../bench/report/tables.ts';
import { TINY } from '../../bench/sizes.ts';

const SPREAD = { p50: expect.any(Number), p95: expect.any(Number) };
const RATE = { runsPerSecond: expect.any(Number), cpuMsPerRun: expect.any(Number) };

let results: Results;

beforeAll(async () => {
  const parts = [];
  for (const name of PART_NAMES) parts.push(await measure(name, TINY, () => {}));
  results = Object.assign({}, ...parts);
}, 240_000);

describe('a run of three http steps', () => {
  test('takes one request, one Express execution, no state transition and two Lambda invocations beside the authorizer', () => {
    expect(results.cost.w3).toMatchObject({ apiRequests: 1, expressExecutions: 1, transitions: 0, lambdaInvocations: 3 });
  });

  test('keeps to its read and write units', () => {
    expect(results.cost.w3.writeUnits).toBeLessThanOrEqual(GOALS.writeUnits);
    expect(results.cost.w3.readUnits).toBeLessThanOrEqual(GOALS.readUnits);
  });

  test('takes three write units more when one of its steps is slow', () => {
    expect(results.cost.slow.writeUnits - results.cost.w3.writeUnits).toBeLessThanOrEqual(GOALS.slowStepWriteUnits);
  });

  test('puts nothing small into the bucket', () => {
    expect(results.cost.w3.s3Requests).toBe(0);
  });
});

describe('what else runs do', () => {
  test('a wait that no Express execution outlasts is waited for by one Standard execution', () => {
    expect(results.cost.longWait).toMatchObject({ expressExecutions: 1, transitions: 6 });
  });

  test('is paid for once more by a child', () => {
    expect(results.cost.parent.expressExecutions).toBeGreaterThan(results.cost.w3.expressExecutions);
  });
});

describe('the benchmark', () => {
  test('has a figure for everything it says it measures', () => {
    const speed = { latency: { seen: SPREAD, ended: SPREAD }, seen: RATE, unseen: RATE };
    expect(results).toMatchObject({
      speed: { on: { w3: speed, wpar: speed }, off: { w3: speed, wpar: speed } },
      boot: { coldMs: null, warmMs: expect.any(Number) },
      endurance: [expect.any(Number), expect.any(Number)],
      recovery: { runs: TINY.killedRuns, readyMs: expect.any(Number), endedMs: expect.any(Number) },
    });
  });

  test('fills its lists', () => {
    const shown = new Map(results.lists.lists.map(({ list, items }) => [list, items]));
    expect(shown.get('of the project')).toBe(50);
    // Every twentieth, beside the one that was copied.
    expect(shown.get('status=failed')).toBe(TINY.lists.stored / 20 + 1);
    expect(shown.get('v2, a process')).toBe(50);
  });

  test('pays for all that a run leaves behind', () => {
    const { dollars, total, storedBytes, logBytes } = results.cost.w3;
    expect(storedBytes).toBeGreaterThan(1000);
    expect(logBytes).toBeGreaterThan(200);
    expect(Object.values(dollars).reduce((sum, part) => sum + part, 0)).toBeCloseTo(total);
  });

  test('prints tables that can be pasted into a document, what was before beside what is now', () => {
    const [figures = '', ...others] = tables(results, { markdown: true }).split('\n\n');
    expect(figures.split('\n')[0]).toBe('| figure | before (2026-11-27) | now | goal | reached |');
    for (const table of [figures, ...others]) {
      const columns = table.split('\n').map((line) => line.split('|').length);
      expect(new Set(columns).size).toBe(1);
    }
  });
});
