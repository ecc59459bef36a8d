import { ulid } from 'ulid';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Run } from '../../shared/run/model/run.ts';
import { type Entered, MOST_BEFORE, type Places, type Runs, TOLD_WITHIN_MS } from '../../shared/run/ports.ts';
import { aRun } from '../harness/builders.ts';

const KEPT = 2_000_000_000;

/** What adapters tell the time by. */
export const placesClock = { aheadMs: 0, now: () => new Date(Date.now() + placesClock.aheadMs) };

/** What every adapter of the port `Places` promises, with the runs that enter. */
export function promisesOfPlaces(open: () => { runs: Runs; places: Places }) {
  let place = '';
  beforeEach(() => {
    place = `workflow#Published#${ulid()}`;
    placesClock.aheadMs = 0;
  });
  const made = (limit: number, of: Partial<Run> = {}) => aRun({ concurrency: { place, limit, whenFull: 'queue' }, ...of });
  const enter = (run: Run, enters: Entered, key?: Parameters<Runs['create']>[1]) => {
    const entry = { type: 'run_queued' as const, at: run.createdAt };
    const queued = enters === 'waiting' ? { entry, keptUntil: KEPT } : undefined;
    return open().runs.create(run, key, { enters, queued });
  };
  const waits = async (limit: number) => {
    const run = made(limit, { seen: 1, queued: { at: '2026-11-23T08:00:00.000Z' } });
    expect(await enter(run, 'waiting')).toEqual({});
    return run;
  };
  const goesOn = async (limit: number) => {
    const run = made(limit);
    expect(await enter(run, 'running')).toEqual({});
    return run;
  };
  const look = () => open().places.look(place);
  const waiting = async (limit = 100) => (await open().places.waiting(place, limit)).map(({ id }) => id);

  describe('a place', () => {
    test('takes as many as its limit; whoever comes then is not written at all', async () => {
      const both = [await goesOn(2), await goesOn(2)];
      const third = made(2);
      expect(await enter(third, 'running')).toEqual({ full: true });
      expect(await open().runs.get(third.id)).toBeUndefined();
      expect(await look()).toEqual({ running: both.map(({ id }) => id).toSorted(), called: [] });
    });

    test('takes a run once, however often it says so', async () => {
      const run = await goesOn(1);
      expect(await enter(run, 'running')).toEqual({});
      expect((await look()).running).toEqual([run.id]);
    });

    test('is not taken for a start that was there before', async () => {
      const key = { workspace: 'acme', hash: ulid(), bodyHash: 'body' };
      const [first, again] = [made(1), made(1)];
      expect(await enter(first, 'running', key)).toEqual({});
      expect(await enter(again, 'running', key)).toEqual({ earlier: { runId: first.id, bodyHash: 'body' } });
      expect(await enter({ ...again, seen: 1 }, 'waiting', key)).toEqual({ earlier: { runId: first.id, bodyHash: 'body' } });
      expect((await look()).running).toEqual([first.id]);
      expect(await waiting()).toEqual([]);
    });

    test('is taken by as many as fit of many that come at once', async () => {
      const came = await Promise.all(Array.from({ length: 12 }, () => enter(made(5), 'running')));
      expect(came.filter(({ full }) => full)).toHaveLength(7);
      expect((await look()).running).toHaveLength(5);
    });
  });

  describe('those who wait', () => {
    test('stand in the order in which they came, with the first entry of their journals', async () => {
      const came: string[] = [];
      for (let at = 0; at < 12; at += 1) came.push((await waits(1)).id);
      expect(await waiting()).toEqual(came.toSorted());
      expect(await waiting(5)).toEqual(came.toSorted().slice(0, 5));
      const [last = ''] = came.toSorted().slice(-1);
      expect(await open().places.before(place, last)).toEqual({ count: 11, exact: true });
      const loaded = await open().runs.load(last);
      expect(loaded?.entries).toEqual([{ type: 'run_queued', at: '2026-11-23T08:00:00.000Z' }]);
      expect(loaded?.run.queued).toEqual({ at: '2026-11-23T08:00:00.000Z' });
    });

    test('behind more than a hundred others know that there are more', async () => {
      const came = (await Promise.all(Array.from({ length: MOST_BEFORE + 2 }, () => waits(1)))).map(({ id }) => id).toSorted();
      const ahead = (at: number) => open().places.before(place, came[at] ?? '');
      expect(await ahead(MOST_BEFORE)).toEqual({ count: MOST_BEFORE, exact: true });
      expect(await ahead(MOST_BEFORE + 1)).toEqual({ count: MOST_BEFORE, exact: false });
    });

    test('are called when there is room, and told by others only when they have not heard of it for long', async () => {
      const first = await goesOn(1);
      const next = await waits(1);
      expect(await open().places.call(place, { id: next.id, limit: 1 })).toBe(false);
      await open().places.leave(place, first.id, { waited: false });
      expect(await open().places.call(place, { id: next.id, limit: 1 })).toBe(true);
      expect(await look()).toEqual({ running: [next.id], called: [] });
      placesClock.aheadMs = TOLD_WITHIN_MS;
      expect(await look()).toEqual({ running: [next.id], called: [next.id] });
      expect(await waiting()).toEqual([]);
      for (let twice = 0; twice < 2; twice += 1) await open().places.heard(place, next.id);
      expect(await look()).toEqual({ running: [next.id], called: [] });
    });

    test('are called by one of many', async () => {
      const run = await waits(3);
      const calls = await Promise.all(Array.from({ length: 6 }, () => open().places.call(place, { id: run.id, limit: 3 })));
      expect(calls.filter(Boolean)).toHaveLength(1);
    });

    test('that have left are not called any more', async () => {
      const run = await waits(1);
      for (let twice = 0; twice < 2; twice += 1) await open().places.leave(place, run.id, { waited: true });
      expect(await open().places.call(place, { id: run.id, limit: 1 })).toBe(false);
      expect(await look()).toEqual({ running: [], called: [] });
    });

    test('that leave while they are called are in neither', async () => {
      const run = await waits(1);
      await open().places.call(place, { id: run.id, limit: 1 });
      await open().places.leave(place, run.id, { waited: true });
      placesClock.aheadMs = TOLD_WITHIN_MS;
      expect(await look()).toEqual({ running: [], called: [] });
    });
  });
}
