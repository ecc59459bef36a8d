import { ulid } from 'ulid';
import { describe, expect, test } from 'vitest';
import type { Schedules } from '../../shared/trigger/schedule/ports.ts';
import type { LedgerFire, Schedule } from '../../shared/trigger/schedule/schedule.ts';
import { anActor } from '../harness/builders.ts';

const NOON = '2030-01-01T12:00:00.000Z';

/** A schedule that shows only what matters. */
export function aSchedule(more: Partial<Schedule> = {}): Schedule {
  return {
    id: ulid(),
    workspace: 'acme',
    project: 'ops',
    workflowId: ulid(),
    name: 'nightly',
    expression: 'daily at 09:00',
    timezone: 'UTC',
    inputs: { n: 1 },
    dst: { gap: 'shift', overlap: 'first' },
    overlap: 'allow',
    catchUp: 'last',
    catchUpWindow: '24h',
    enabled: true,
    createdAt: NOON,
    createdBy: anActor('ann'),
    updatedAt: NOON,
    anchor: NOON,
    revision: 1,
    queued: [],
    open: [],
    failures: 0,
    ...more,
  };
}

const aFire = (scheduleId: string, more: Partial<LedgerFire> = {}): LedgerFire => ({
  scheduleId,
  workspace: 'acme',
  nominal: NOON,
  kind: 'expected',
  outcome: 'starting',
  at: NOON,
  lateBy: 0,
  attempt: 1,
  ...more,
});

/** What every keeper of schedules promises. */
export function promisesOfSchedules(name: string, make: () => Schedules) {
  describe(`schedules in ${name}`, () => {
    test('a schedule is read as it was written', async () => {
      const [schedules, row] = [make(), aSchedule({ dueAt: NOON, last: { nominal: NOON, runId: 'r1' } })];
      await schedules.create(row);
      expect(await schedules.get(row.id)).toEqual(row);
      expect(await schedules.get(ulid())).toBeUndefined();
    });

    test('of two writers that have read the same, one wins', async () => {
      const [schedules, row] = [make(), aSchedule()];
      await schedules.create(row);
      const won = await Promise.all([1, 2, 3].map((failures) => schedules.replace(row, { ...row, failures })));
      expect(won.filter(Boolean)).toHaveLength(1);
      const stands = await schedules.get(row.id);
      expect(stands).toMatchObject({ revision: 2, failures: won.indexOf(true) + 1 });
      expect(stands && (await schedules.replace(stands, { ...stands, failures: 9 }))).toBe(true);
    });

    test('those of a workflow are listed newest first, page by page, without deleted ones', async () => {
      const schedules = make();
      const workflowId = ulid();
      const rows = [1, 2, 3, 4].map((n) => aSchedule({ id: `01J0000000000000000000000${n}`, workflowId }));
      for (const row of [...rows, aSchedule()]) await schedules.create(row);
      const [, gone] = rows;
      if (gone) await schedules.replace(gone, { ...gone, deletedAt: NOON });
      const first = await schedules.list({ workspace: 'acme', workflowId }, { limit: 2 });
      const second = await schedules.list({ workspace: 'acme', workflowId }, { limit: 2, token: first.next });
      expect([...first.items, ...second.items].map(({ id }) => id.slice(-1))).toEqual(['4', '3', '1']);
      expect(second.next).toBeUndefined();
      expect((await schedules.list({ workspace: 'other', workflowId }, { limit: 2 })).items).toEqual([]);
    });

    test('those of a workspace, or of one project of it, are listed too', async () => {
      const [schedules, workspace] = [make(), ulid()];
      for (const project of ['a', 'b', 'a']) await schedules.create(aSchedule({ workspace, project }));
      const count = async (owner: object) => (await schedules.list({ workspace, ...owner }, { limit: 10 })).items.length;
      expect([await count({}), await count({ project: 'a' }), await count({ project: 'c' })]).toEqual([3, 2, 0]);
    });

    test('those whose time has come are due', async () => {
      const schedules = make();
      const rows = [
        aSchedule({ dueAt: '2029-12-31T23:59:59.000Z' }),
        aSchedule({ dueAt: NOON }),
        aSchedule({ dueAt: '2030-01-01T12:00:00.001Z' }),
        aSchedule(),
      ];
      for (const row of rows) await schedules.create(row);
      const due = await schedules.due(NOON, 1_000);
      expect(rows.map(({ id }) => due.includes(id))).toEqual([true, true, false, false]);
    });

    test('who claims a fire first has it; the others get the line that stands', async () => {
      const [schedules, id] = [make(), ulid()];
      const lines = await Promise.all([1, 2, 3].map((lateBy) => schedules.claim(aFire(id, { lateBy }))));
      expect(new Set(lines.map(({ lateBy }) => lateBy)).size).toBe(1);
      expect(await schedules.fire(id, NOON)).toEqual(lines[0]);
      expect(await schedules.claim(aFire(id, { trigger: 'by hand', lateBy: 7 }))).toMatchObject({ lateBy: 7 });
    });

    test('a line is amended by who has seen it as it is', async () => {
      const [schedules, id] = [make(), ulid()];
      const line = await schedules.claim(aFire(id));
      const started = { ...line, outcome: 'started' as const, runId: 'r1' };
      expect(await schedules.amend(line, started)).toEqual(started);
      expect(await schedules.amend(line, { ...line, outcome: 'rejected' })).toEqual(started);
      expect(await schedules.amend(started, { ...started, attempt: 2 })).toMatchObject({ attempt: 2 });
    });

    test('the ledger is read newest first, page by page, and by outcome', async () => {
      const [schedules, id] = [make(), ulid()];
      for (const hour of [1, 2, 3, 4, 5])
        await schedules.claim(
          aFire(id, { nominal: `2030-01-01T0${hour}:00:00.000Z`, outcome: hour % 2 === 0 ? 'missed' : 'started' }),
        );
      const first = await schedules.fires(id, {}, { limit: 3 });
      const rest = await schedules.fires(id, {}, { limit: 3, token: first.next });
      const hours = [...first.items, ...rest.items].map(({ nominal }) => nominal.slice(12, 13));
      expect(hours).toEqual(['5', '4', '3', '2', '1']);
      const missed = await schedules.fires(id, { outcome: 'missed' }, { limit: 10 });
      expect(missed.items.map(({ nominal }) => nominal.slice(12, 13))).toEqual(['4', '2']);
    });
  });
}
