import { ulid } from 'ulid';
import { describe, expect, test } from 'vitest';
import { lineIds } from '../../shared/run/model/event.ts';
import { type Runs, StepEnded } from '../../shared/run/ports.ts';
import type { Run } from '../../shared/run/model/run.ts';
import { aRow, aRun } from '../builders.ts';

const later = '2026-11-23T09:00:00.000Z';
const ending = { at: later, endedId: ulid() };
const said = (message: string) => ({ id: ulid(), time: later, type: 'step_started' as const, message });

/** What every adapter of the port `Runs` promises. */
export function promisesOfRuns(open: () => Runs) {
  const stored = async (of: Partial<Run> = {}) => {
    const run = aRun(of);
    await open().create(run);
    return run;
  };

  describe('a run', () => {
    test('comes back as it was written', async () => {
      const run = await stored({ reference: 'A-1', inputs: { json: '{"a":1}' } });
      expect(await open().get(run.id)).toEqual(run);
      expect(await open().get(ulid())).toBeUndefined();
    });

    test('is written once', async () => {
      const run = await stored();
      await expect(open().create(run)).rejects.toThrow();
    });

    test('under a key that was used before gives the first one back', async () => {
      const key = { workspace: 'acme', hash: ulid(), bodyHash: 'body' };
      const first = aRun();
      expect(await open().create(first, key)).toEqual({});
      expect(await open().create(aRun(), { ...key, bodyHash: 'other' })).toEqual({
        earlier: { runId: first.id, bodyHash: 'body' },
      });
      expect(await open().create(aRun(), { ...key, workspace: 'others' })).toEqual({});
      expect(await open().startedUnder(key)).toEqual({ runId: first.id, bodyHash: 'body' });
      expect(await open().startedUnder({ ...key, hash: ulid() })).toBeUndefined();
    });

    test('ends once, whoever comes first', async () => {
      const run = await stored();
      const outcomes = await Promise.all([
        open().settle(run, { status: 'succeeded', ...ending, outputs: { json: '{}' } }),
        open().settle(run, { status: 'failed', ...ending, error: { name: 'Boom', message: 'no', step: 'a' } }),
      ]);
      expect(outcomes.filter(Boolean)).toHaveLength(1);
      const settled = await open().get(run.id);
      expect(settled?.status).toBe(outcomes[0] ? 'succeeded' : 'failed');
      expect(await open().markRunning(run, later, later)).toBe(false);
      expect(await open().requestStop(run, { mode: 'immediate', by: 'ann', at: later })).toBe(false);
    });

    test('keeps the first reason to stop', async () => {
      const run = await stored();
      expect(await open().requestStop(run, { mode: 'immediate', by: 'ann', at: later, reason: 'wrong file' })).toBe(true);
      expect(await open().requestStop(run, { mode: 'immediate', by: 'bob', at: later })).toBe(false);
      expect((await open().get(run.id))?.stop).toEqual({ mode: 'immediate', by: 'ann', at: later, reason: 'wrong file' });
    });
  });

  describe('a run that is controlled', () => {
    const pause = { by: 'ann', at: later, reason: 'lunch' };
    const resumed = (run: Run): Run => ({ ...run, status: 'running', walk: run.walk + 1, resumedAt: later, dueAt: later });
    const now = async ({ id }: Run) => {
      const found = await open().get(id);
      if (!found) throw new Error('The run is gone.');
      return found;
    };

    test('pauses, is parked, and goes on in its next walk, each once', async () => {
      const run = await stored();
      expect(await open().requestPause(run, pause, later)).toBe(true);
      expect(await open().requestPause(run, { ...pause, by: 'bob' }, later)).toBe(false);
      expect(await now(run)).toMatchObject({ status: 'pending', pause });
      expect(await open().markPaused(run)).toBe(true);
      expect(await open().markPaused(run)).toBe(false);
      const parked = await now(run);
      expect(parked).toMatchObject({ status: 'paused', pause });
      expect(parked.dueAt).toBeUndefined();
      expect(await open().resumeWhenQuiet(parked, 'ann')).toBe(false);
      expect(await open().markResumed(parked, resumed(parked))).toBe(true);
      expect(await open().markResumed(parked, resumed(parked))).toBe(false);
      const on = await now(run);
      expect(on).toMatchObject({ status: 'running', walk: 2, resumedAt: later, startedAt: run.createdAt });
      expect(on.pause).toBeUndefined();
    });

    test('that shall go on when it is quiet is not parked; a newer pause takes that back', async () => {
      const run = await stored();
      await open().requestPause(run, pause, later);
      const pausing = await now(run);
      expect(await open().markResumed(pausing, resumed(pausing))).toBe(false);
      expect(await open().resumeWhenQuiet(run, 'bob')).toBe(true);
      expect(await open().markPaused(run)).toBe(false);
      const seen = await now(run);
      expect(seen.pause).toEqual({ ...pause, resume: true, resumedBy: 'bob' });
      expect(await open().requestPause(run, { by: 'cleo', at: '2026-11-23T10:00:00.000Z' }, later)).toBe(true);
      expect(await open().markResumed(seen, resumed(seen))).toBe(false);
      expect(await open().markPaused(run)).toBe(true);
    });

    test('that is stopped neither pauses nor goes on nor succeeds; a stop now overrides one that is graceful', async () => {
      const run = await stored();
      const graceful = { mode: 'graceful' as const, by: 'ann', at: later, until: '2026-11-23T09:10:00.000Z' };
      expect(await open().requestStop(run, graceful, '2026-11-23T09:00:30.000Z')).toBe(true);
      expect(await now(run)).toMatchObject({ status: 'draining', stop: graceful, dueAt: '2026-11-23T09:00:30.000Z' });
      expect(await open().requestStop(run, { ...graceful, by: 'bob' })).toBe(false);
      expect(await open().requestPause(run, pause, later)).toBe(false);
      expect(await open().settle(run, { status: 'succeeded', ...ending })).toBe(false);
      expect(await open().requestStop(run, { mode: 'immediate', by: 'bob', at: later })).toBe(true);
      expect(await open().settle(run, { status: 'cancelled', ...ending })).toBe(true);
      expect(await open().requestPause(run, pause, later)).toBe(false);
    });

    test('leaves those that are due while it is paused, and is back when it goes on or is stopped', async () => {
      const run = await stored({ dueAt: '2019-01-01T00:00:00.000Z' });
      const due = async () => (await open().due('2019-06-01T00:00:00.000Z', 100)).includes(run.id);
      expect(await due()).toBe(true);
      await open().requestPause(run, pause, '2019-01-02T00:00:00.000Z');
      expect(await due()).toBe(true);
      await open().markPaused(run);
      expect(await due()).toBe(false);
      await open().requestStop(run, { mode: 'immediate', by: 'ann', at: '2019-01-03T00:00:00.000Z' });
      expect(await due()).toBe(true);
      await open().settle(run, { status: 'cancelled', ...ending });
      expect(await due()).toBe(false);
    });

    test('takes steps over from another before it stands, and says so in its log, in their order', async () => {
      const run = aRun();
      const rows = Array.from({ length: 30 }, (_, n) => aRow(`s${29 - n}`, { output: { json: String(n) }, reused: 'origin' }));
      await open().adopt(run, [
        ...rows,
        aRow('group', { status: 'running' }),
        aRow('bad', { status: 'failed', reused: 'origin' }),
      ]);
      await open().create(run);
      expect(await open().steps(run.id)).toHaveLength(32);
      expect((await open().stepsAt(run.id, ['s3'])).get('s3')).toMatchObject({
        status: 'succeeded',
        reused: 'origin',
        output: { json: '26' },
      });
      const said = (await open().log(run.id, undefined, 100)).entries.flatMap(({ events }) => events);
      expect(said.map(({ step }) => step)).toEqual([...rows.map(({ id }) => id), 'bad']);
      expect(said[0]).toMatchObject({ type: 'step_completed', reused: 'origin' });
      expect(said.at(-1)).toMatchObject({ type: 'step_failed', reused: 'origin' });
    });

    test('is listed under the one that brought it about', async () => {
      const parent = await stored();
      const children = [
        await stored({ parent: parent.id, trigger: 'parent' }),
        await stored({ parent: parent.id, trigger: 'rerun' }),
      ];
      const listed = await open().list({ workspace: 'acme', parent: parent.id }, { limit: 10 });
      expect(listed.items.map(({ id }) => id).sort()).toEqual(children.map(({ id }) => id).sort());
    });
  });

  describe('a step', () => {
    test('that has ended is not written again', async () => {
      const run = await stored();
      await open().putStep(run.id, aRow('a', { status: 'running' }));
      await open().putStep(run.id, aRow('a', { status: 'succeeded', output: { json: '1' } }));
      await expect(open().putStep(run.id, aRow('a', { status: 'failed' }))).rejects.toThrow(StepEnded);
      await expect(open().putStep(run.id, aRow('a', { status: 'running' }), { events: [said('again')] })).rejects.toThrow(
        StepEnded,
      );
      expect((await open().stepsAt(run.id, ['a'])).get('a')?.output).toEqual({ json: '1' });
    });

    test('that waits for a run is answered once, and not for an earlier run', async () => {
      const run = await stored();
      await open().putStep(run.id, aRow('a', { status: 'waiting', child: 'second', token: 't' }));
      const failed = aRow('a', { status: 'failed', child: 'second' });
      await expect(open().putStep(run.id, failed, undefined, { waitsFor: 'first' })).rejects.toThrow(StepEnded);
      await open().putStep(run.id, failed, undefined, { waitsFor: 'second' });
      await expect(open().putStep(run.id, failed, undefined, { waitsFor: 'second' })).rejects.toThrow(StepEnded);
    });

    test('and its lines are written together or not at all', async () => {
      const run = await stored();
      await open().putStep(run.id, aRow('a'));
      await open()
        .putStep(run.id, aRow('a', { status: 'running' }), { events: [said('late')] })
        .catch(() => undefined);
      expect((await open().log(run.id, undefined, 10)).entries).toEqual([]);
    });

    test('that failed notes which catcher took it', async () => {
      const run = await stored();
      await open().putStep(run.id, aRow('a', { status: 'failed', error: { name: 'Boom', message: 'no' } }));
      await open().takeFailure(run.id, 'a', 1);
      await open().takeFailure(run.id, 'a', 0);
      expect((await open().stepsAt(run.id, ['a'])).get('a')?.handler).toBe(1);
    });

    test('is found by its key, by the beginning of it, and with its run', async () => {
      const run = await stored();
      const keys = Array.from({ length: 150 }, (_, index) => `each[${index}]/x`);
      await Promise.all([...keys, 'other'].map((key) => open().putStep(run.id, aRow(key))));
      expect((await open().stepsAt(run.id, keys)).size).toBe(150);
      expect(await open().stepsUnder(run.id, 'each[1')).toHaveLength(61);
      expect(await open().steps(run.id)).toHaveLength(151);
      const loaded = await open().load(run.id, [...keys, 'absent']);
      expect([loaded.run?.id, loaded.steps.size]).toEqual([run.id, 150]);
    });
  });

  describe('the log', () => {
    test('gives lines in their order, behind a cursor', async () => {
      const run = await stored();
      const [first = '', second = '', third = ''] = lineIds(3, new Date(), run.id);
      await open().putStep(
        run.id,
        aRow('a', {
          logId: second,
          events: [
            { ...said('1'), id: first },
            { ...said('2'), id: second },
          ],
        }),
      );
      await open().append(run.id, { events: [{ ...said('3'), id: third }] });
      const all = await open().log(run.id, undefined, 10);
      expect(all.entries.flatMap(({ events }) => events.map(({ message }) => message))).toEqual(['1', '2', '3']);
      expect((await open().log(run.id, second, 10)).entries.map(({ logId }) => logId)).toEqual([third]);
      expect((await open().log(run.id, undefined, 1)).more).toBe(true);
    });

    test('takes lines under a name once', async () => {
      const run = await stored();
      for (const message of ['first', 'second']) await open().append(run.id, { name: 'closing', events: [said(message)] });
      const { entries } = await open().log(run.id, undefined, 10);
      expect(entries.flatMap(({ events }) => events.map(({ message }) => message))).toEqual(['first']);
    });
  });

  describe('runs that are due', () => {
    test('are the live ones whose time has come, oldest first', async () => {
      const [early, late] = [
        await stored({ dueAt: '2020-01-01T00:00:00.000Z' }),
        await stored({ dueAt: '2020-01-02T00:00:00.000Z' }),
      ];
      const future = await stored({ dueAt: '2090-01-01T00:00:00.000Z' });
      const settled = await stored({ dueAt: '2020-01-01T00:00:00.000Z' });
      await open().settle(settled, { status: 'cancelled', ...ending });
      const due = await open().due('2021-01-01T00:00:00.000Z', 100);
      expect(due).toEqual([early.id, late.id]);
      await open().defer(early, '2090-01-01T00:00:00.000Z');
      await open().settle(late, { status: 'cancelled', ...ending });
      expect(await open().due('2021-01-01T00:00:00.000Z', 100)).not.toContain(future.id);
    });
  });

  describe('lists', () => {
    const ids = (page: { items: { id: string }[] }) => page.items.map(({ id }) => id);

    test('are newest first, and a token goes on behind the last item whatever has come since', async () => {
      const workspace = ulid();
      const [a, b, c] = [await stored({ workspace }), await stored({ workspace }), await stored({ workspace })]
        .map(({ id }) => id)
        .toSorted();
      const first = await open().list({ workspace }, { limit: 2 });
      expect(ids(first)).toEqual([c, b]);
      await stored({ workspace });
      const second = await open().list({ workspace }, { limit: 2, token: first.next });
      expect([ids(second), second.next]).toEqual([[a], undefined]);
    });

    test('take a token of their own alone', async () => {
      const workspace = ulid();
      await stored({ workspace });
      await stored({ workspace });
      const { next } = await open().list({ workspace }, { limit: 1 });
      await expect(open().list({ workspace: ulid() }, { limit: 1, token: next })).rejects.toThrow('continuation_token');
      await expect(open().list({ workspace, status: 'failed' }, { limit: 1, token: next })).rejects.toThrow('continuation_token');
      await expect(open().list({ workspace }, { limit: 1, token: 'nonsense' })).rejects.toThrow('continuation_token');
    });

    test('are narrowed by project, workflow, stage, state, trigger and time', async () => {
      const workspace = ulid();
      const workflowId = ulid();
      const old = await stored({ workspace, id: ulid(Date.parse('2026-01-01')), project: 'sales' });
      const draft = await stored({ workspace, workflowId, stage: 'Draft' });
      const failed = await stored({ workspace, workflowId });
      await open().settle(failed, { status: 'failed', ...ending, error: { name: 'Boom', message: 'no', step: null } });
      const done = await stored({ workspace, workflowId, trigger: 'email' });
      await open().settle(done, { status: 'succeeded', ...ending });

      const list = async (filter: object) => ids(await open().list({ workspace, ...filter }, { limit: 10 })).toSorted();
      expect(await list({ project: 'sales' })).toEqual([old.id]);
      expect(await list({ workflowId })).toEqual([draft.id, failed.id, done.id].toSorted());
      expect(await list({ workflowId, stage: 'Draft' })).toEqual([draft.id]);
      expect(await list({ workflowId, stage: 'Published' })).toEqual([failed.id, done.id].toSorted());
      expect(await list({ status: 'failed' })).toEqual([failed.id]);
      expect(await list({ status: 'succeeded' })).toEqual([done.id]);
      expect(await list({ workflowId, status: 'pending' })).toEqual([draft.id]);
      expect(await list({ trigger: 'email' })).toEqual([done.id]);
      expect(await list({ to: '2026-06-01T00:00:00.000Z' })).toEqual([old.id]);
      expect(await list({ from: '2026-06-01T00:00:00.000Z', status: 'failed' })).toEqual([failed.id]);
    });

    test('show how a run stands now', async () => {
      const workspace = ulid();
      const run = await stored({ workspace });
      await open().markRunning(run, later, later);
      expect((await open().list({ workspace, status: 'running' }, { limit: 10 })).items).toMatchObject([
        { id: run.id, startedAt: later },
      ]);
      await open().settle(run, { status: 'failed', ...ending, error: { name: 'Boom', message: 'no', step: 'a' } });
      expect((await open().list({ workspace }, { limit: 10 })).items).toMatchObject([
        { status: 'failed', endedAt: later, error: { name: 'Boom' } },
      ]);
      expect((await open().list({ workspace, status: 'running' }, { limit: 10 })).items).toEqual([]);
    });
  });
}
