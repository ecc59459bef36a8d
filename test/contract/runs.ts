import { setTimeout } from 'node:timers/promises';
import { decodeTime, ulid } from 'ulid';
import { describe, expect, test } from 'vitest';
import type { RunFilter } from '../../shared/run/list/filter.ts';
import type { Entry } from '../../shared/run/model/entry.ts';
import { type Projection, projection, type Run } from '../../shared/run/model/run.ts';
import { LIVE_SHARDS, type Runs, type Values } from '../../shared/run/ports.ts';
import { anActor, aRun } from '../harness/builders.ts';

/** An adapter to be tried, and what its port does not show. */
export interface RunsSetting {
  runs: Runs;
  values: Pick<Values, 'put'>;
  /** When the rows of a run go. */
  expiryOf(id: string): Promise<{ row: number | undefined; journal: number[] }>;
}

const KEPT = 2_000_000_000;
const at = '2026-11-23T09:00:00.000Z';
const said = (key: string): Entry => ({ type: 'step_started', at, key });
const done = (key: string, bytes = 0): Entry => ({
  type: 'step_completed',
  at,
  key,
  output: { json: JSON.stringify('x'.repeat(bytes)) },
});
const keysOf = (entries: Entry[]) => entries.map((entry) => ('key' in entry ? entry.key : entry.type));
const keys = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => `s${from + index}`);

/** A run as old as its id. */
function young(of: Partial<Run>): Run {
  const id = of.id ?? ulid();
  return aRun({ id, createdAt: new Date(decodeTime(id)).toISOString(), ...of });
}

/** What a row shows after so many entries. */
const shown = (run: Run, seen: number, of: Partial<Projection> = {}): Projection => projection.parse({ ...run, seen, ...of });

const boom = { name: 'Boom', message: 'no', step: 'a', data: { id: 12345678901234567890n.toString(), deep: [{ x: [1e300] }] } };
const ended = (run: Run, status: 'succeeded' | 'failed' | 'timed_out' | 'cancelled', seen = 1) =>
  shown(run, seen, { status, startedAt: at, endedAt: at, ...(status === 'failed' && { error: boom }) });

/** What every adapter of the port `Runs` promises. */
export function promisesOfRuns(open: () => RunsSetting) {
  const runs = () => open().runs;
  const stored = async (of: Partial<Run> = {}) => {
    const run = young(of);
    await runs().create(run);
    return run;
  };
  const end = async (run: Run, status: Parameters<typeof ended>[1]) => {
    const seen = (await runs().get(run.id))?.seen ?? 0;
    return runs().project(run, ended(run, status, seen + 1), { keptUntil: KEPT });
  };

  describe('a run', () => {
    test('comes back as it was written', async () => {
      const plain = await stored();
      expect(await runs().get(plain.id)).toEqual(plain);
      const full = await stored({
        reference: 'A-1 É',
        inputs: { json: '{"a":12345678901234567890}' },
        fileIds: ['f'],
        actor: anActor('ann'),
        parent: ulid(),
        parentStep: 'each[3]/a~2/call',
        depth: 2,
        root: ulid(),
        attempt: 3,
        rerun: { origin: ulid(), from: 'failed' },
        connectionOverrides: { erp: 'erp-test' },
        version: null,
      });
      expect(await runs().get(full.id)).toEqual(full);
      expect(await runs().get(ulid())).toBeUndefined();
      expect(await runs().load(ulid())).toBeUndefined();
    });

    test('is written once; to write the same again is to write it once', async () => {
      const run = await stored();
      await expect(runs().create({ ...run, name: 'another' })).rejects.toThrow(run.id);
      expect(await runs().create(run)).toEqual({});
    });

    test('under a key that was used before gives the first one back', async () => {
      const key = { workspace: 'acme', hash: ulid(), bodyHash: 'body' };
      const first = aRun();
      expect(await runs().create(first, key)).toEqual({});
      expect(await runs().create(first, key)).toEqual({});
      const earlier = { runId: first.id, bodyHash: 'body' };
      expect(await runs().create(aRun(), { ...key, bodyHash: 'other' })).toEqual({ earlier });
      expect(await runs().create({ ...first, createdAt: at }, key)).toEqual({ earlier });
      expect(await runs().create(aRun(), { ...key, workspace: 'others' })).toEqual({});
      expect(await runs().startedUnder(key)).toEqual(earlier);
      expect(await runs().startedUnder({ ...key, hash: ulid() })).toBeUndefined();
    });

    test('is the only one of many that start under one key at once', async () => {
      const key = { workspace: 'acme', hash: ulid(), bodyHash: 'body' };
      const all = Array.from({ length: 8 }, () => aRun());
      const answers = await Promise.all(all.map((run) => runs().create(run, key)));
      const won = all.filter((_, index) => answers[index]?.earlier === undefined);
      expect(won).toHaveLength(1);
      expect(new Set(answers.flatMap(({ earlier }) => earlier?.runId ?? []))).toEqual(new Set([won[0]?.id]));
      const standing = await Promise.all(all.map(({ id }) => runs().get(id)));
      expect(standing.filter(Boolean)).toHaveLength(1);
    });
  });

  describe('a run that is removed', () => {
    test('is gone with its journal, and leaves the others alone; to remove it again is to remove it once', async () => {
      const workspace = ulid();
      const [run, other] = [await stored({ workspace, reference: 'PO-1' }), await stored({ workspace })];
      for (const { id } of [run, other]) await runs().append(id, 0, keys(1, 60).map(said), KEPT, 'writer');
      await end(run, 'failed');
      expect(await runs().remove(run.id)).toBe(true);
      expect(await runs().get(run.id)).toBeUndefined();
      expect(await runs().load(run.id)).toBeUndefined();
      expect(await runs().entriesAfter(run.id, 0)).toEqual([]);
      expect((await runs().list({ workspace, archived: 'any' }, { limit: 10 })).items.map(({ id }) => id)).toEqual([other.id]);
      expect((await runs().load(other.id))?.entries).toHaveLength(60);
      expect(await runs().remove(run.id)).toBe(true);
    });

    test('has ended: of one that lives all stays', async () => {
      const run = await stored();
      await runs().append(run.id, 0, [said('s1')], KEPT, 'writer');
      expect(await runs().remove(run.id)).toBe(false);
      expect((await runs().load(run.id))?.entries).toHaveLength(1);
    });
  });

  describe('a journal', () => {
    test('numbers its entries from 1, without gaps, whatever came together', async () => {
      const run = await stored();
      expect(await runs().append(run.id, 0, [said('s1')], KEPT, 'writer')).toBe(1);
      expect(await runs().append(run.id, 1, keys(2, 4).map(said), KEPT, 'writer')).toBe(3);
      expect(await runs().append(run.id, 4, keys(5, 6).map(said), KEPT, 'writer')).toBe(2);
      const loaded = await runs().load(run.id);
      expect(loaded?.run).toEqual(run);
      expect(loaded?.snapshot).toBeUndefined();
      expect(keysOf(loaded?.entries ?? [])).toEqual(keys(1, 6));
    });

    test('is read on from any number, and a few at a time', async () => {
      const run = await stored();
      await runs().append(run.id, 0, keys(1, 3).map(said), KEPT, 'writer');
      await runs().append(run.id, 3, [said('s4')], KEPT, 'writer');
      await runs().append(run.id, 4, keys(5, 9).map(said), KEPT, 'writer');
      for (let number = 0; number <= 9; number += 1) {
        expect(keysOf(await runs().entriesAfter(run.id, number))).toEqual(keys(number + 1, 9));
        expect(keysOf(await runs().entriesAfter(run.id, number, 2))).toEqual(keys(number + 1, Math.min(number + 2, 9)));
      }
      expect(await runs().entriesAfter(run.id, 9)).toEqual([]);
      await runs().append(run.id, 9, [said('s10')], KEPT, 'writer');
      expect(keysOf(await runs().entriesAfter(run.id, 9))).toEqual(['s10']);
      expect(await runs().entriesAfter(ulid(), 0)).toEqual([]);
    });

    test('gives single entries by their numbers', async () => {
      const run = await stored();
      for (let number = 0; number < 120; number += 3)
        await runs().append(run.id, number, keys(number + 1, number + 3).map(said), KEPT, 'writer');
      const found = await runs().entriesAt(run.id, [119, 2, 3, 60, 121]);
      expect([...found].map(([number, entry]) => [number, 'key' in entry && entry.key])).toEqual([
        [119, 's119'],
        [2, 's2'],
        [3, 's3'],
        [60, 's60'],
      ]);
      expect(await runs().entriesAt(run.id, [])).toEqual(new Map());
    });

    test('takes nothing from whoever has missed something', async () => {
      const run = await stored();
      await runs().append(run.id, 0, keys(1, 2).map(said), KEPT, 'writer');
      expect(await runs().append(run.id, 0, [said('late')], KEPT, 'writer')).toBe(0);
      expect(
        await runs().append(
          run.id,
          0,
          keys(1, 3).map((key) => said(`late-${key}`)),
          KEPT,
          'writer',
        ),
      ).toBe(0);
      expect(keysOf((await runs().load(run.id))?.entries ?? [])).toEqual(keys(1, 2));
    });

    test('takes what was written before, and its answer lost, for written, and goes on behind it', async () => {
      const run = await stored();
      await runs().append(run.id, 0, keys(1, 2).map(said), KEPT, 'writer');
      expect(await runs().append(run.id, 0, keys(1, 2).map(said), KEPT, 'writer')).toBe(2);
      expect(await runs().append(run.id, 0, keys(1, 5).map(said), KEPT, 'writer')).toBe(5);
      expect(await runs().append(run.id, 0, [said('s1')], KEPT, 'writer')).toBe(0);
      expect(await runs().append(run.id, 0, keys(1, 2).map(said), KEPT, 'another')).toBe(0);
      expect(keysOf((await runs().load(run.id))?.entries ?? [])).toEqual(keys(1, 5));
    });

    test('has one order, however many write at once', async () => {
      const run = await stored();
      const write = async (writer: number) => {
        for (let turn = 0; turn < 5; ) {
          const { length } = (await runs().load(run.id))?.entries ?? [];
          turn += await runs().append(run.id, length, [said(`${writer}.${turn}`)], KEPT, 'writer');
        }
      };
      await Promise.all([0, 1, 2, 3].map(write));
      const all = keysOf((await runs().load(run.id))?.entries ?? []);
      expect(all).toHaveLength(20);
      for (const writer of [0, 1, 2, 3]) {
        const own = all.filter((key) => key.startsWith(`${writer}.`));
        expect(own).toEqual([0, 1, 2, 3, 4].map((turn) => `${writer}.${turn}`));
      }
    });

    test('takes more than an item holds, and is read whole when it is larger than one answer', async () => {
      const run = await stored();
      const large = keys(1, 12).map((key) => done(key, 150_000));
      expect(await runs().append(run.id, 0, large, KEPT, 'writer')).toBe(12);
      expect(await runs().append(run.id, 12, [said('s13')], KEPT, 'writer')).toBe(1);
      expect((await runs().load(run.id))?.entries).toEqual([...large, said('s13')]);
      expect(keysOf(await runs().entriesAfter(run.id, 2))).toEqual(keys(3, 13));
      expect(keysOf(await runs().entriesAfter(run.id, 2, 9))).toEqual(keys(3, 11));
      expect([...(await runs().entriesAt(run.id, [1, 4, 13])).keys()]).toEqual([1, 4, 13]);
    });

    test('is read from its last snapshot on', async () => {
      const run = await stored();
      await runs().append(run.id, 0, keys(1, 3).map(said), KEPT, 'writer');
      await runs().append(run.id, 3, keys(4, 6).map(said), KEPT, 'writer');
      const ref = await open().values.put(run.id, 'snapshots/3', '{"fold":3}');
      await runs().project(run, shown(run, 6, { snapshot: { number: 3, ref } }), {});
      const loaded = await runs().load(run.id);
      expect(loaded?.snapshot).toEqual({ fold: 3 });
      expect(keysOf(loaded?.entries ?? [])).toEqual(keys(4, 6));
      expect(keysOf(await runs().entriesAfter(run.id, 6))).toEqual([]);
    });
  });

  describe('the row', () => {
    test('goes forward only, and takes the same twice', async () => {
      const run = await stored();
      const pause = { actor: anActor('ann'), at, reason: 'lunch' };
      expect(await runs().project(run, shown(run, 3, { status: 'paused', pause, startedAt: at }), {})).toBe(true);
      expect(await runs().project(run, shown(run, 2, { status: 'running' }), {})).toBe(false);
      expect(await runs().project(run, shown(run, 3, { status: 'paused', pause, startedAt: at }), {})).toBe(true);
      expect(await runs().get(run.id)).toEqual({ ...run, seen: 3, status: 'paused', pause, startedAt: at });
      // Who has not seen the pause takes it back all the same, when the journal says so.
      expect(await runs().project(run, shown(run, 4, { status: 'running', startedAt: at }), {})).toBe(true);
      expect(await runs().get(run.id)).toEqual({ ...run, seen: 4, status: 'running', startedAt: at });
    });

    test('that shows an end never shows another', async () => {
      const run = await stored();
      const outputs = { json: '{"a":1}' };
      const next = shown(run, 5, { ...ended(run, 'failed'), seen: 5, outputs });
      expect(await runs().project(run, next, { keptUntil: KEPT })).toBe(true);
      expect(await runs().project(run, next, { keptUntil: KEPT })).toBe(true);
      expect(await runs().project(run, ended(run, 'succeeded', 5), { keptUntil: KEPT })).toBe(false);
      expect(await runs().project(run, ended(run, 'succeeded', 6), { keptUntil: KEPT })).toBe(false);
      expect(await runs().project(run, shown(run, 6, { status: 'running' }), { dueAt: at })).toBe(false);
      const { dueAt: _, ...rest } = run;
      expect(await runs().get(run.id)).toEqual({ ...rest, ...next, error: boom });
    });

    test('keeps its snapshot, whoever has not seen it', async () => {
      const run = await stored();
      const snapshot = { number: 1, ref: await open().values.put(run.id, 'snapshots/1', '{}') };
      await runs().append(run.id, 0, [said('a')], KEPT, 'writer');
      await runs().project(run, shown(run, 1, { snapshot }), {});
      await runs().project(run, shown(run, 2), {});
      expect((await runs().get(run.id))?.snapshot).toEqual(snapshot);
    });

    test('is not made by a projection', async () => {
      const run = aRun();
      expect(await runs().project(run, shown(run, 1), { dueAt: at })).toBe(false);
      expect(await runs().get(run.id)).toBeUndefined();
    });

    test('shows errors whatever they carry', async () => {
      const run = await stored();
      let data: unknown = 'bottom';
      for (let depth = 0; depth < 40; depth += 1) data = [data, 1e-200, null, ''];
      const error = { name: 'Deep', message: '', data };
      await runs().project(run, shown(run, 1, { status: 'failed', endedAt: at, error }), { keptUntil: KEPT });
      expect((await runs().get(run.id))?.error).toEqual(error);
    });
  });

  describe('what people say of a run', () => {
    const acme = { actor: anActor('ann'), at };

    test('is changed by name, the rest stays', async () => {
      const run = await stored({ labels: ['a:1'], reference: 'R' });
      expect(await runs().change(run, { name: 'Another' })).toBe(true);
      expect(await runs().get(run.id)).toEqual({ ...run, name: 'Another' });
      expect(await runs().change(run, { labels: ['b:2', 'a:1'] })).toBe(true);
      expect(await runs().change(run, { archived: acme })).toBe(true);
      expect(await runs().get(run.id)).toEqual({ ...run, name: 'Another', labels: ['b:2', 'a:1'], archived: acme });
      expect(await runs().change(run, { archived: false, labels: [] })).toBe(true);
      expect(await runs().get(run.id)).toEqual({ ...run, name: 'Another', labels: [] });
      expect(await runs().change(run, { labels: [] })).toBe(true);
      expect(await runs().change(aRun(), { name: 'nothing' })).toBe(false);
    });

    test('is archived by whoever did so first', async () => {
      const run = await stored();
      await runs().change(run, { archived: acme });
      await runs().change(run, { archived: { actor: anActor('bob'), at: '2026-12-01T00:00:00.000Z' } });
      expect((await runs().get(run.id))?.archived).toEqual(acme);
    });

    test('has the labels of one of those who write at once', async () => {
      const run = await stored();
      const put = (labels: string[], labelsWere: string[]) => runs().change(run, { labels, labelsWere });
      expect(await Promise.all([put(['a:1'], []), put(['a:2'], []), put(['a:3'], [])])).toSatisfy(
        (won: boolean[]) => won.filter(Boolean).length === 1,
      );
      const labels = (await runs().get(run.id))?.labels ?? [];
      expect(await put([], ['a:0'])).toBe(false);
      expect(await put([], labels)).toBe(true);
      expect(await put(['b:1'], labels)).toBe(false);
    });

    test('stays, whatever a driver that has not seen it writes', async () => {
      const run = await stored();
      await runs().change(run, { archived: acme, labels: ['a:1'], name: 'Another' });
      await runs().project(run, shown(run, 1, { status: 'running', startedAt: at }), {});
      await end(run, 'failed');
      expect(await runs().get(run.id)).toMatchObject({ status: 'failed', archived: acme, labels: ['a:1'], name: 'Another' });
    });
  });

  describe('what is kept', () => {
    test('of a run that lives is its row, and its journal for as long as was said; from its end on all goes', async () => {
      const run = await stored();
      await runs().append(run.id, 0, [said('a')], 1_900_000_000, 'writer');
      await runs().append(run.id, 1, [said('b')], 2_100_000_000, 'writer');
      await runs().project(run, shown(run, 2, { status: 'running' }), {});
      expect(await open().expiryOf(run.id)).toEqual({ row: undefined, journal: [1_900_000_000, 2_100_000_000] });
      await runs().keep(run.id, 2_000_000_000);
      expect(await open().expiryOf(run.id)).toEqual({ row: undefined, journal: [2_000_000_000, 2_100_000_000] });
      await runs().project(run, ended(run, 'succeeded', 3), { keptUntil: KEPT });
      expect((await open().expiryOf(run.id)).row).toBe(KEPT);
    });

    test('of a long journal is kept whole', async () => {
      const run = await stored();
      for (let number = 0; number < 60; number += 1)
        await runs().append(run.id, number, [said(`${number}`)], 1_900_000_000, 'writer');
      await runs().keep(run.id, KEPT);
      expect((await open().expiryOf(run.id)).journal).toEqual(Array(60).fill(KEPT));
    });
  });

  describe('runs that are due', () => {
    const due = async (now: string, limit = 1_000) => {
      const shards = Array.from({ length: LIVE_SHARDS }, (_, shard) => runs().due(shard, now, limit));
      return (await Promise.all(shards)).flat();
    };

    test('are the live ones whose time has come, each in one shard, oldest first', async () => {
      const late = await stored({ id: `${ulid().slice(0, -1)}7`, dueAt: '2001-01-02T00:00:00.000Z' });
      const early = await stored({ id: `${ulid().slice(0, -1)}7`, dueAt: '2001-01-01T00:00:00.000Z' });
      const future = await stored({ dueAt: '2090-01-01T00:00:00.000Z' });
      const skipped = await stored({ status: 'skipped', dueAt: undefined, endedAt: at });
      const found = await due('2001-06-01T00:00:00.000Z');
      expect(found).toEqual([
        { id: early.id, dueAt: early.dueAt },
        { id: late.id, dueAt: late.dueAt },
      ]);
      expect(found.some(({ id }) => id === future.id || id === skipped.id)).toBe(false);
      await end(early, 'cancelled');
      expect(await due('2001-06-01T00:00:00.000Z')).toEqual([{ id: late.id, dueAt: late.dueAt }]);
      await end(late, 'succeeded');
      expect(await due('2001-06-01T00:00:00.000Z')).toEqual([]);
    });

    test('stand in many shards', async () => {
      const all = await Promise.all(Array.from({ length: 64 }, () => stored({ dueAt: '2002-01-01T00:00:00.000Z' })));
      const shards = Array.from({ length: LIVE_SHARDS }, (_, shard) => runs().due(shard, '2002-01-01T00:00:00.000Z', 100));
      const sizes = (await Promise.all(shards)).map(({ length }) => length);
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(64);
      expect(sizes.filter((size) => size > 0).length).toBeGreaterThan(8);
      await Promise.all(all.map((run) => end(run, 'succeeded')));
    });

    test('are taken once, by one of those who look', async () => {
      const run = await stored({ dueAt: '2003-01-01T00:00:00.000Z' });
      const taken = await Promise.all(
        ['1', '2', '3', '4'].map((day) => runs().takeDue(run.id, '2003-01-01T00:00:00.000Z', `2004-01-0${day}T00:00:00.000Z`)),
      );
      expect(taken.filter(Boolean)).toHaveLength(1);
      expect((await runs().get(run.id))?.dueAt).toBe(`2004-01-0${taken.indexOf(true) + 1}T00:00:00.000Z`);
      await end(run, 'succeeded');
      expect(await runs().takeDue(run.id, '2004-01-01T00:00:00.000Z', '2005-01-01T00:00:00.000Z')).toBe(false);
    });

    test('do not move behind a sooner one that the projection does not know of', async () => {
      const [first, soon, far] = ['2008-01-01T00:00:00.000Z', '2006-01-01T00:00:00.000Z', '2009-01-01T00:00:00.000Z'];
      const run = await stored({ dueAt: first });
      await runs().takeDue(run.id, first, soon);
      expect(await runs().project(run, shown(run, 1, { status: 'waiting' }), { dueAt: far, dueWas: first })).toBe(false);
      expect(await runs().get(run.id)).toMatchObject({ status: 'pending', dueAt: soon });
      expect(await runs().project(run, shown(run, 1, { status: 'waiting' }), { dueAt: far, dueWas: soon })).toBe(true);
      expect(await runs().get(run.id)).toMatchObject({ status: 'waiting', dueAt: far });
      expect(await runs().project(run, shown(run, 2, { status: 'waiting' }), { dueAt: soon, dueWas: first })).toBe(true);
      await end(run, 'succeeded');
    });

    test('move when a projection says so, and else stay', async () => {
      const run = await stored({ dueAt: '2006-01-01T00:00:00.000Z' });
      await runs().project(run, shown(run, 1, { status: 'running' }), {});
      expect((await runs().get(run.id))?.dueAt).toBe('2006-01-01T00:00:00.000Z');
      await runs().project(run, shown(run, 2, { status: 'waiting' }), { dueAt: '2007-01-01T00:00:00.000Z' });
      expect(await due('2006-06-01T00:00:00.000Z')).toEqual([]);
      expect(await due('2007-01-01T00:00:00.000Z')).toEqual([{ id: run.id, dueAt: '2007-01-01T00:00:00.000Z' }]);
      await end(run, 'succeeded');
      expect((await runs().get(run.id))?.dueAt).toBeUndefined();
    });
  });

  describe('lists', () => {
    /** All pages of a list, whose items never stand in two. */
    const all = async (filter: RunFilter, limit = 3) => {
      const ids: string[] = [];
      let token: string | undefined;
      for (let pages = 0; pages < 100; pages += 1) {
        const { items, next } = await runs().list(filter, { limit, token });
        expect(items.length).toBeLessThanOrEqual(limit);
        ids.push(...items.map(({ id }) => id));
        if (next === undefined) return ids;
        token = next;
      }
      throw new Error('The list has no end.');
    };
    const newestFirst = (found: Run[]) =>
      found
        .map(({ id }) => id)
        .toSorted()
        .toReversed();

    test('are newest first, and a token goes on behind the last item whatever has come since', async () => {
      const workspace = ulid();
      const [c, b, a] = newestFirst([await stored({ workspace }), await stored({ workspace }), await stored({ workspace })]);
      const first = await runs().list({ workspace }, { limit: 2 });
      expect(first.items.map(({ id }) => id)).toEqual([c, b]);
      await setTimeout(2);
      await stored({ workspace });
      const second = await runs().list({ workspace }, { limit: 2, token: first.next });
      expect([second.items.map(({ id }) => id), second.next]).toEqual([[a], undefined]);
      expect(await runs().list({ workspace: ulid() }, { limit: 2 })).toEqual({ items: [], next: undefined });
    });

    test('page through all shards, each run once', async () => {
      const workspace = ulid();
      const found = await Promise.all(Array.from({ length: 40 }, () => stored({ workspace })));
      for (const limit of [1, 7, 20, 40, 100]) expect(await all({ workspace }, limit)).toEqual(newestFirst(found));
      expect((await runs().list({ workspace }, { limit: 40 })).next).toBeUndefined();
    });

    test('take a token of their own alone', async () => {
      const workspace = ulid();
      await stored({ workspace });
      await stored({ workspace });
      const { next } = await runs().list({ workspace }, { limit: 1 });
      for (const filter of [{ workspace: ulid() }, { workspace, status: ['failed' as const] }])
        await expect(runs().list(filter, { limit: 1, token: next })).rejects.toThrow('continuation_token');
      await expect(runs().list({ workspace }, { limit: 1, token: 'nonsense' })).rejects.toThrow('continuation_token');
    });

    test('are narrowed by every filter and every pair of them', async () => {
      const workspace = ulid();
      const workflows = [ulid(), ulid()];
      const parent = ulid();
      const found: Run[] = [];
      const [projects, triggers] = [['ops', 'sales'], ['api', 'email'] as const];
      for (let index = 0; index < 24; index += 1) {
        const run = await stored({
          workspace,
          workflowId: workflows[index % 2] ?? '',
          project: projects[index % 2] ?? '',
          stage: index % 3 === 0 ? 'Draft' : 'Published',
          trigger: triggers[index % 5 === 0 ? 1 : 0] ?? 'api',
          ...(index % 4 === 0 && { parent }),
        });
        const status = (['pending', 'running', 'waiting', 'succeeded', 'failed', 'cancelled'] as const)[index % 6] ?? 'pending';
        const next = shown(run, 1, { status, ...(index % 6 > 2 && { endedAt: at }) });
        if (status !== 'pending') await runs().project(run, next, {});
        found.push({ ...run, status });
      }
      const filters: Partial<RunFilter>[] = [
        {},
        { project: 'sales' },
        { workflowId: workflows[0] },
        { stage: 'Draft' },
        { trigger: 'email' },
        { parent },
        { status: ['pending'] },
        { status: ['running'] },
        { status: ['waiting'] },
        { status: ['succeeded'] },
        { status: ['failed'] },
        { status: ['paused'] },
      ];
      for (const one of filters) {
        for (const other of filters) {
          const filter = { ...one, ...other };
          const fits = found.filter((run) =>
            Object.entries(filter).every(([name, value]) => [value].flat().includes(run[name as keyof Run] as string)),
          );
          expect([filter, await all({ workspace, ...filter }, 5)]).toEqual([filter, newestFirst(fits)]);
        }
      }
      expect(await all({ workspace: ulid(), parent })).toEqual([]);
    });

    test('are bounded by time, both ends with them', async () => {
      const workspace = ulid();
      const months = ['2026-01-15', '2026-02-15', '2026-03-15'];
      const [january, february, march] = await Promise.all(
        months.map((day) => stored({ workspace, id: ulid(Date.parse(day)) }).then(({ id }) => id)),
      );
      const time = (id = '') => new Date(decodeTime(id)).toISOString();
      expect(await all({ workspace, from: time(february) })).toEqual([march, february]);
      expect(await all({ workspace, to: time(february) })).toEqual([february, january]);
      expect(await all({ workspace, from: time(february), to: time(february) }, 1)).toEqual([february]);
      expect(await all({ workspace, from: time(march), to: time(january) })).toEqual([]);
      expect(await all({ workspace, from: time(february), status: ['failed'] })).toEqual([]);
    });

    test('by state follow the run, young or old', async () => {
      const workspace = ulid();
      const old = await stored({ workspace, id: ulid(Date.now() - 3_600_000) });
      const young = await stored({ workspace });
      const list = async (status: Run['status']) => all({ workspace, status: [status] });
      await runs().project(old, shown(old, 1, { status: 'pending' }), {});
      expect(await list('pending')).toEqual([young.id, old.id]);
      for (const run of [old, young]) await runs().project(run, shown(run, 2, { status: 'running', startedAt: at }), {});
      expect([await list('pending'), await list('running')]).toEqual([[], [young.id, old.id]]);
      for (const run of [old, young]) await runs().project(run, shown(run, 3, { status: 'waiting', startedAt: at }), {});
      expect([await list('running'), await list('waiting')]).toEqual([[], [young.id, old.id]]);
      for (const run of [old, young]) await end(run, 'failed');
      expect([await list('waiting'), await list('failed')]).toEqual([[], [young.id, old.id]]);
    });

    test('show archived runs to those who ask for them, and back where they were once they are unarchived', async () => {
      const [workspace, workflowId, parent] = [ulid(), ulid(), ulid()];
      const made = await Promise.all([1, 2, 3, 4].map(() => stored({ workspace, workflowId, parent })));
      const [d = '', c = '', b = '', a = ''] = newestFirst(made);
      const named = (id: string) => made.find((run) => run.id === id) ?? aRun();
      for (const id of [a, c]) await runs().change(named(id), { archived: { actor: anActor('ann'), at } });
      await end(named(a), 'failed');
      await end(named(b), 'failed');
      for (const by of [{}, { workflowId }, { project: 'ops' }, { parent }, { stage: 'Published' as const }]) {
        expect(await all({ workspace, ...by })).toEqual([d, b]);
        expect(await all({ workspace, ...by, archived: true })).toEqual([c, a]);
        expect(await all({ workspace, ...by, archived: 'any' }, 1)).toEqual([d, c, b, a]);
      }
      const failed = { workspace, status: ['failed' as const] };
      expect([await all(failed), await all({ ...failed, archived: true })]).toEqual([[b], [a]]);
      for (const id of [a, c]) await runs().change(named(id), { archived: false });
      expect(await all({ workspace, workflowId })).toEqual([d, c, b, a]);
      expect(await all({ workspace, archived: true })).toEqual([]);
    });

    test('show how a run stands now', async () => {
      const workspace = ulid();
      const run = await stored({ workspace });
      await end(run, 'failed');
      const { items } = await runs().list({ workspace }, { limit: 10 });
      expect(items).toEqual([await runs().get(run.id)]);
      expect(items[0]).toMatchObject({ status: 'failed', endedAt: at, error: { name: 'Boom' } });
    });
  });
}
