import { expect, test } from 'vitest';
import { histogramOf } from '../../../shared/run/read/histogram.ts';
import { aRun } from '../../harness/builders.ts';

test('runs are counted by the hour or the day of their creation, newest first, and empty times are left out', () => {
  const runs = [
    aRun({ createdAt: '2026-11-23T08:59:59.999Z', status: 'failed' }),
    aRun({ createdAt: '2026-11-23T08:00:00.000Z', status: 'succeeded' }),
    aRun({ createdAt: '2026-11-23T06:30:00.000Z', status: 'succeeded' }),
    aRun({ createdAt: '2026-11-21T23:59:00.000Z', status: 'running' }),
  ];
  expect(histogramOf(runs, 'hour')).toEqual([
    { start: '2026-11-23T08:00:00.000Z', outcomes: { failed: 1, succeeded: 1 } },
    { start: '2026-11-23T06:00:00.000Z', outcomes: { succeeded: 1 } },
    { start: '2026-11-21T23:00:00.000Z', outcomes: { running: 1 } },
  ]);
  expect(histogramOf(runs, 'day')).toEqual([
    { start: '2026-11-23T00:00:00.000Z', outcomes: { failed: 1, succeeded: 2 } },
    { start: '2026-11-21T00:00:00.000Z', outcomes: { running: 1 } },
  ]);
  expect(histogramOf([], 'day')).toEqual([]);
});
