import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BATCH, ended, isEnded, type Job, nextBatch, type Result, settled, taken, takenUpAgain } from '../../shared/job/job.ts';
import { anActor } from '../harness/builders.ts';
import { aJob } from './builders.ts';

const NOW = new Date('2026-11-23T09:00:00.000Z');
const abort = { actor: anActor('ben'), at: NOW.toISOString() };

test('a job takes as many as fit into one transaction, and the rest at the end', () => {
  expect(nextBatch(aJob({ total: 60 }), NOW)).toEqual({ kind: 'take', from: 0, count: BATCH });
  expect(nextBatch(aJob({ total: 60, position: 50 }), NOW)).toEqual({ kind: 'take', from: 50, count: 10 });
  expect(nextBatch(aJob({ total: 60, position: 60 }), NOW)).toEqual({ kind: 'end', status: 'completed' });
  expect(nextBatch(aJob(), NOW)).toEqual({ kind: 'end', status: 'completed' });
});

test('what has begun is finished first, then an abort ends it', () => {
  const batch = { from: 0, tries: 0, subjects: [{ id: 'a' }] };
  expect(nextBatch(aJob({ total: 5, batch, abort }), NOW)).toEqual({ kind: 'finish', batch });
  expect(nextBatch(aJob({ total: 5, abort }), NOW)).toEqual({ kind: 'end', status: 'aborted' });
});

test('a rate makes small batches and lets time pass between them', () => {
  const job = aJob({ total: 100, rate: 5 });
  expect(nextBatch(job, NOW)).toEqual({ kind: 'take', from: 0, count: 5 });
  const begun = taken(job, 0, ids(0, 5), NOW);
  const rest = settled(begun, resultsOf(begun));
  expect(nextBatch(rest, NOW)).toEqual({ kind: 'wait', until: new Date(NOW.getTime() + 1000) });
  expect(nextBatch(rest, new Date(NOW.getTime() + 1000))).toMatchObject({ kind: 'take', from: 5 });
  expect(nextBatch(aJob({ total: 9, rate: 0.1 }), NOW)).toMatchObject({ count: 1 });
});

const ids = (from: number, count: number) => Array.from({ length: count }, (_, place) => ({ id: `run-${from + place}` }));

const resultsOf = ({ batch }: Job): Result[] =>
  (batch?.subjects ?? []).map(({ id }, place) => ({
    position: (batch?.from ?? 0) + place,
    id,
    outcome: place % 3 === 0 ? 'skipped' : place % 3 === 1 ? 'failed' : 'done',
    at: NOW.toISOString(),
  }));

test('whatever the rate and whenever it is killed or aborted, each run is settled once, in order, within the rate, and it ends', () => {
  const cases = fc.record({
    total: fc.nat(120),
    rate: fc.option(fc.double({ min: 0.1, max: 100, noNaN: true }), { nil: undefined }),
    /** What happens at each turn: the worker is killed before it can settle, somebody aborts, or nothing. */
    turns: fc.array(fc.constantFrom('killed', 'aborted', 'well', 'well', 'well', 'well'), { maxLength: 60 }),
    stepMs: fc.integer({ min: 0, max: 3000 }),
  });
  fc.assert(
    fc.property(cases, ({ total, rate, turns, stepMs }) => {
      let job = aJob({ total, rate });
      let nowMs = NOW.getTime();
      const settledIds: string[] = [];
      const takenAt: { ms: number; count: number }[] = [];
      for (let turn = 0; !isEnded(job); turn += 1) {
        expect(turn).toBeLessThan(10_000);
        const what = turns[turn] ?? 'well';
        const now = new Date(nowMs);
        if (what === 'aborted' && !job.abort) job = { ...job, abort };
        const next = nextBatch(job, now);
        if (next.kind === 'end') job = ended(job, next.status, now);
        else if (next.kind === 'wait') nowMs = Math.max(nowMs + stepMs, next.until.getTime());
        else {
          job =
            next.kind === 'take' ? taken(job, next.from, ids(next.from, next.count), now) : takenUpAgain(job, next.batch, now);
          if (next.kind === 'take') takenAt.push({ ms: nowMs, count: next.count });
          if (what === 'killed') continue;
          settledIds.push(...(job.batch?.subjects ?? []).map(({ id }) => id));
          job = settled(job, resultsOf(job));
        }
      }
      expect(settledIds).toEqual(ids(0, job.position).map(({ id }) => id));
      expect(job.counts.done + job.counts.skipped + job.counts.failed).toBe(job.position);
      expect(job.status).toBe(job.abort ? 'aborted' : 'completed');
      if (!job.abort) expect(job.position).toBe(total);
      for (const [place, { ms, count }] of takenAt.entries()) {
        const next = takenAt[place + 1];
        // To the millisecond: a time has no parts of it.
        if (rate !== undefined && next) expect(next.ms - ms).toBeGreaterThanOrEqual(Math.floor((1000 * count) / rate));
      }
    }),
    { numRuns: 300 },
  );
});
