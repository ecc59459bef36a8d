import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backfill, triggerNow } from '../../../shared/trigger/schedule/manual-fires.ts';
import { changeSchedule, deleteSchedule } from '../../../shared/trigger/schedule/save-schedule.ts';
import { anActor } from '../../harness/builders.ts';
import { otherFires } from './oracle.ts';
import { Crash, ScheduleSetting } from './schedule-setting.ts';

const hourly = { expression: 'hourly', dst: { gap: 'shift', overlap: 'both' } } as const;

describe('over a year the ledger holds just the fires that other libraries expect, each started once', () => {
  test.each([
    ['30 2 * * *', 'Europe/Berlin', { gap: 'shift', overlap: 'both' }],
    ['15,45 1,2 * * *', 'America/New_York', { gap: 'skip', overlap: 'second' }],
    ['*/30 1-3 * * *', 'Australia/Lord_Howe', { gap: 'shift', overlap: 'first' }],
    ['0 */6 1-15 * *', 'Africa/Casablanca', { gap: 'skip', overlap: 'both' }],
    ['20 5 31 * 1', 'Asia/Kathmandu', { gap: 'shift', overlap: 'first' }],
  ] as [string, string, { gap: 'skip' | 'shift'; overlap: 'first' | 'second' | 'both' }][])(
    '%s in %s',
    async (expression, timezone, dst) => {
      const setting = new ScheduleSetting('2026-01-01T00:00:00.000Z');
      const schedule = await setting.create({ expression, timezone, dst });
      await setting.pass('2026-12-31T23:59:59.000Z');
      const expected = otherFires(expression, timezone, dst, '2026-01-01T00:00:00.001Z', '2027-01-01T00:00:00Z');
      expect(expected.length).toBeGreaterThan(5);
      const ledger = setting.ledger(schedule);
      expect(ledger.map(({ nominal }) => nominal)).toEqual(expected);
      expect(ledger.every(({ outcome, lateBy }) => outcome === 'started' && lateBy <= 2)).toBe(true);
      expect(setting.runs.ids).toHaveLength(expected.length);
      expect(setting.deliveries.map(({ source }) => source)).toEqual(expected);
    },
  );
});

describe('after downtime', () => {
  const downtime = async (of: object) => {
    const setting = new ScheduleSetting('2026-06-01T08:30:00.000Z');
    const schedule = await setting.create({ ...hourly, ...of });
    await setting.pass('2026-06-01T09:10:00.000Z');
    setting.sleep('2026-06-01T13:30:00.000Z');
    await setting.tick(schedule);
    return { setting, schedule };
  };

  test('catch_up none: what was due is missed', async () => {
    const { setting, schedule } = await downtime({ catchUp: 'none' });
    expect(setting.story(schedule)).toEqual([
      '06-01 09:00 started',
      '06-01 10:00 missed',
      '06-01 11:00 missed',
      '06-01 12:00 missed',
      '06-01 13:00 missed',
    ]);
    expect(setting.seen.missed).toBe(4);
    const told = setting.told.map(({ id, type, workflowId }) => [id.split('/')[1], type, workflowId]);
    expect(told).toEqual(
      [10, 11, 12, 13].map((hour) => [`2026-06-01T${hour}:00:00.000Z`, 'schedule.missed', setting.workflow.id]),
    );
  });

  test('catch_up last: the newest is started, late', async () => {
    const { setting, schedule } = await downtime({ catchUp: 'last' });
    expect(setting.story(schedule)).toEqual([
      '06-01 09:00 started',
      '06-01 10:00 missed',
      '06-01 11:00 missed',
      '06-01 12:00 missed',
      '06-01 13:00 started',
    ]);
    expect(setting.ledger(schedule).at(-1)?.lateBy).toBe(1800);
  });

  test('catch_up last: none is made up for when one comes in time', async () => {
    const setting = new ScheduleSetting('2026-06-01T08:30:00.000Z');
    const schedule = await setting.create({ ...hourly });
    setting.sleep('2026-06-01T11:00:30.000Z');
    await setting.tick(schedule);
    expect(setting.story(schedule)).toEqual(['06-01 09:00 missed', '06-01 10:00 missed', '06-01 11:00 started']);
  });

  test('catch_up all: every one is started, in their order', async () => {
    const { setting, schedule } = await downtime({ catchUp: 'all' });
    expect(setting.ledger(schedule).map(({ outcome }) => outcome)).toEqual(Array(5).fill('started'));
    expect(setting.runs.ids).toEqual(setting.ledger(schedule).map(({ runId }) => runId));
  });

  test('catch_up_window: what is older is missed', async () => {
    const { setting, schedule } = await downtime({ catchUp: 'all', catchUpWindow: '2h' });
    expect(setting.story(schedule)).toEqual([
      '06-01 09:00 started',
      '06-01 10:00 missed',
      '06-01 11:00 missed',
      '06-01 12:00 started',
      '06-01 13:00 started',
    ]);
    const other = await downtime({ catchUp: 'last', catchUpWindow: '10m' });
    expect(other.setting.story(other.schedule).at(-1)).toBe('06-01 13:00 missed');
  });

  test('a year of missed minutes is told in lines that can be read, and none of it delays the next fire', async () => {
    const setting = new ScheduleSetting('2026-01-01T00:00:00.000Z');
    const schedule = await setting.create({ expression: '* * * * *', catchUp: 'none', dst: { gap: 'shift', overlap: 'both' } });
    setting.sleep('2027-01-01T00:00:00.500Z');
    await setting.tick(schedule);
    const ledger = setting.ledger(schedule);
    const [older] = ledger;
    expect(ledger.length).toBeLessThanOrEqual(501);
    expect(ledger.reduce((sum, { count = 1 }) => sum + count, 0)).toBe(525_600);
    expect(older).toMatchObject({ nominal: '2026-01-01T00:01:00.000Z', outcome: 'missed' });
    expect(ledger.at(-1)).toMatchObject({ nominal: '2027-01-01T00:00:00.000Z', outcome: 'started' });
    expect((await setting.schedules.get(schedule.id))?.next).toBe('2027-01-01T00:01:00.000Z');
  });

  test('catch_up all over more fires than one look takes goes on until none is left', async () => {
    const setting = new ScheduleSetting('2026-01-01T00:00:00.000Z');
    const schedule = await setting.create({ expression: '* * * * *', catchUp: 'all', dst: { gap: 'shift', overlap: 'both' } });
    setting.sleep('2026-01-01T20:00:00.000Z');
    await setting.tick(schedule);
    await setting.pass('2026-01-01T20:00:30.000Z');
    expect(setting.ledger(schedule)).toHaveLength(1200);
    expect(setting.runs.ids).toHaveLength(1200);
  });
});

describe('the reconciler', () => {
  test('finds the fire whose alarm was lost, starts it, and says so', async () => {
    const setting = new ScheduleSetting('2026-06-01T08:30:00.000Z');
    const schedule = await setting.create(hourly);
    setting.alarms.clear();
    setting.sleep('2026-06-01T09:01:59.000Z');
    await setting.reconcile();
    expect(setting.story(schedule)).toEqual([]);
    setting.sleep('2026-06-01T09:02:00.000Z');
    await setting.reconcile();
    expect(setting.story(schedule)).toEqual(['06-01 09:00 started']);
    expect(setting.seen.overdue).toBe(1);
    expect(setting.alarms.get(schedule.id)).toBe(Date.parse('2026-06-01T10:00:00Z'));
  });

  test('has nothing to say where all goes well', async () => {
    const setting = new ScheduleSetting('2026-06-01T08:30:00.000Z');
    await setting.create(hourly);
    for (let minute = 0; minute < 300; minute++) {
      await setting.pass(new Date(setting.now + 60_000).toISOString());
      await setting.reconcile();
    }
    expect(setting.seen).toMatchObject({ overdue: 0, missed: 0 });
    expect(setting.runs.ids).toHaveLength(5);
  });

  test('deals with any number of schedules in one look', async () => {
    const setting = new ScheduleSetting('2026-06-01T08:30:00.000Z');
    const made = await Promise.all(Array.from({ length: 450 }, () => setting.create(hourly)));
    setting.alarms.clear();
    setting.sleep('2026-06-01T09:03:00.000Z');
    expect(await setting.reconcile()).toEqual({ seen: 450, failed: [] });
    expect(setting.runs.ids).toHaveLength(450);
    expect(made.every((schedule) => setting.story(schedule).join() === '06-01 09:00 started')).toBe(true);
  });

  test('one schedule that cannot be dealt with keeps nobody else waiting, and is named', async () => {
    const setting = new ScheduleSetting('2026-06-01T08:30:00.000Z');
    await setting.create(hourly);
    await setting.create(hourly);
    setting.alarms.clear();
    setting.crashes.push('run');
    setting.sleep('2026-06-01T09:03:00.000Z');
    const { failed } = await setting.reconcile();
    expect(failed).toHaveLength(1);
    expect(setting.runs.ids).toHaveLength(1);
    await setting.reconcile();
    expect(setting.runs.ids).toHaveLength(2);
  });

  test('an alarm clock that cannot be set loses no fire', async () => {
    const setting = new ScheduleSetting('2026-06-01T08:30:00.000Z');
    setting.crashes.push('alarm');
    const schedule = await setting.create(hourly);
    expect(setting.seen.alarmsLost).toBe(1);
    setting.sleep('2026-06-01T09:02:30.000Z');
    await setting.reconcile();
    expect(setting.story(schedule)).toEqual(['06-01 09:00 started']);
  });
});

describe('while the run before lives', () => {
  const twoFires = async (overlap: 'allow' | 'skip' | 'queue' | 'stop_previous') => {
    const setting = new ScheduleSetting('2026-06-01T08:30:00.000Z');
    setting.becomes = 'running';
    const schedule = await setting.create({ ...hourly, overlap });
    await setting.pass('2026-06-01T10:00:30.000Z');
    return { setting, schedule };
  };

  test('overlap allow: both run', async () => {
    const { setting, schedule } = await twoFires('allow');
    expect(setting.story(schedule)).toEqual(['06-01 09:00 started', '06-01 10:00 started']);
  });

  test('overlap skip: the second is left out, until the first has ended', async () => {
    const { setting, schedule } = await twoFires('skip');
    expect(setting.story(schedule)).toEqual(['06-01 09:00 started', '06-01 10:00 skipped overlap']);
    await setting.end(setting.ledger(schedule)[0], 'failed');
    await setting.pass('2026-06-01T11:00:30.000Z');
    expect(setting.story(schedule).at(-1)).toBe('06-01 11:00 started');
  });

  test('overlap stop_previous: the first is stopped', async () => {
    const { setting, schedule } = await twoFires('stop_previous');
    expect(setting.story(schedule)).toEqual(['06-01 09:00 started', '06-01 10:00 started']);
    expect(await setting.statuses(setting.ledger(schedule))).toEqual(['cancelled', 'running']);
  });

  test('overlap queue: the second waits its turn, and those behind it theirs, one run at a time', async () => {
    const { setting, schedule } = await twoFires('queue');
    await setting.pass('2026-06-01T11:00:30.000Z');
    expect(setting.story(schedule)).toEqual(['06-01 09:00 started', '06-01 10:00 queued', '06-01 11:00 queued']);
    setting.sleep('2026-06-01T11:05:00.000Z');
    await setting.reconcile();
    expect(setting.runs.ids).toHaveLength(1);

    await setting.end(setting.ledger(schedule)[0], 'succeeded');
    setting.sleep('2026-06-01T11:10:00.000Z');
    await setting.reconcile();
    expect(setting.story(schedule)).toEqual(['06-01 09:00 started', '06-01 10:00 started', '06-01 11:00 queued']);
    expect(setting.ledger(schedule)[1]?.lateBy).toBe(4200);
    expect(setting.seen.overdue).toBe(0);

    await setting.end(setting.ledger(schedule)[1], 'succeeded');
    setting.sleep('2026-06-01T11:12:00.000Z');
    await setting.reconcile();
    expect(setting.ledger(schedule).map(({ outcome }) => outcome)).toEqual(['started', 'started', 'started']);
    expect((await setting.schedules.get(schedule.id))?.queued).toEqual([]);
  });

  test('overlap queue: a queue does not grow without end', async () => {
    const { setting, schedule } = await twoFires('queue');
    await setting.pass('2026-06-06T00:00:30.000Z');
    const outcomes = setting.ledger(schedule).map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === 'queued')).toHaveLength(100);
    expect(setting.story(schedule).at(-1)).toContain('skipped queue_full');
  });
});

describe('what starts no run', () => {
  test('a disabled schedule and a disabled workflow: every fire is recorded, none is started', async () => {
    const setting = new ScheduleSetting('2026-06-01T08:30:00.000Z');
    const schedule = await setting.create(hourly);
    await changeSchedule(setting.services, setting.workflow, schedule.id, { enabled: false });
    await setting.pass('2026-06-01T09:30:00.000Z');
    await changeSchedule(setting.services, setting.workflow, schedule.id, { enabled: true });
    setting.workflow = { ...setting.workflow, enabled: false };
    await setting.pass('2026-06-01T10:30:00.000Z');
    setting.workflow = { ...setting.workflow, enabled: true };
    await setting.pass('2026-06-01T11:30:00.000Z');
    expect(setting.story(schedule)).toEqual([
      '06-01 09:00 skipped disabled',
      '06-01 10:00 skipped workflow_disabled',
      '06-01 11:00 started',
    ]);
    expect(setting.deliveries).toHaveLength(1);
  });

  test('a condition that is false: skipped, with the run that says so', async () => {
    const setting = new ScheduleSetting('2026-06-01T08:30:00.000Z');
    setting.plan = { ...setting.plan, document: { ...setting.plan.document, runIf: false as never } };
    const schedule = await setting.create(hourly);
    await setting.pass('2026-06-01T09:30:00.000Z');
    expect(setting.ledger(schedule)).toMatchObject([{ outcome: 'skipped', reason: 'condition', runId: expect.any(String) }]);
  });

  test('a workflow that is not published: rejected, with the reason, in the ledger and the delivery', async () => {
    const setting = new ScheduleSetting('2026-06-01T08:30:00.000Z');
    const { published, ...draft } = setting.workflow;
    setting.workflow = draft;
    const schedule = await setting.create(hourly);
    await setting.pass('2026-06-01T09:30:00.000Z');
    expect(setting.ledger(schedule)).toMatchObject([
      { outcome: 'rejected', reason: 'Workflow "orders" has no published version.' },
    ]);
    expect(setting.deliveries).toMatchObject([
      { outcome: 'rejected', trigger: 'schedule', key: `${schedule.id} 2026-06-01T09:00:00.000Z` },
    ]);
    setting.workflow = { ...draft, ...(published && { published }) };
    await setting.pass('2026-06-01T10:30:00.000Z');
    expect(setting.story(schedule).at(-1)).toBe('06-01 10:00 started');
  });

  test('a workflow that was deleted turns its schedules off', async () => {
    const setting = new ScheduleSetting('2026-06-01T08:30:00.000Z');
    const schedule = await setting.create(hourly);
    setting.workflow = { ...setting.workflow, deletedAt: '2026-06-01T08:40:00.000Z' };
    await setting.pass('2026-06-01T10:30:00.000Z');
    expect(setting.story(schedule)).toEqual([]);
    const stored = await setting.schedules.get(schedule.id);
    expect(stored).toMatchObject({ enabled: false, offReason: 'Its workflow was deleted.' });
    expect(stored?.dueAt).toBeUndefined();
    expect(setting.alarms.size).toBe(0);
  });

  test('a deleted schedule fires no more, and its alarm clock is gone', async () => {
    const setting = new ScheduleSetting('2026-06-01T08:30:00.000Z');
    const schedule = await setting.create(hourly);
    await deleteSchedule(setting.services, schedule.id);
    expect(setting.alarms.size).toBe(0);
    setting.sleep('2026-06-01T09:30:00.000Z');
    await setting.tick(schedule);
    await setting.reconcile();
    expect(setting.story(schedule)).toEqual([]);
  });
});

describe('stop_after_failures', () => {
  test('turns it off after so many in a row, with the reason; on again it begins to count anew', async () => {
    const setting = new ScheduleSetting('2026-06-01T08:30:00.000Z');
    const schedule = await setting.create({ ...hourly, stopAfterFailures: 3 });
    for (const becomes of ['failed', 'failed', 'succeeded', 'failed', 'cancelled', 'timed_out', 'failed'] as const) {
      setting.becomes = becomes;
      await setting.pass(new Date(setting.now + 3_600_000).toISOString());
    }
    await setting.pass(new Date(setting.now + 3_600_000).toISOString());
    expect(setting.story(schedule).slice(6)).toEqual(['06-01 15:00 started', '06-01 16:00 skipped disabled']);
    expect(await setting.schedules.get(schedule.id)).toMatchObject({
      enabled: false,
      offReason: 'It was turned off after 3 failures in a row.',
    });
    expect(setting.seen.turnedOff).toHaveLength(1);
    expect(setting.told).toMatchObject([
      { type: 'schedule.paused', data: { reason: 'It was turned off after 3 failures in a row.' } },
    ]);

    setting.becomes = 'failed';
    await changeSchedule(setting.services, setting.workflow, schedule.id, { enabled: true });
    await setting.pass(new Date(setting.now + 2 * 3_600_000).toISOString());
    expect(setting.told.at(-1)).toMatchObject({
      type: 'schedule.resumed',
      data: { schedule: { id: schedule.id }, reason: null },
    });
    const again = await setting.schedules.get(schedule.id);
    expect(again).toMatchObject({ enabled: true });
    expect(again?.offReason).toBeUndefined();
  });

  test('fires that are rejected count', async () => {
    const setting = new ScheduleSetting('2026-06-01T08:30:00.000Z');
    const { published: _, ...draft } = setting.workflow;
    setting.workflow = draft;
    const schedule = await setting.create({ ...hourly, stopAfterFailures: 2 });
    await setting.pass('2026-06-01T12:30:00.000Z');
    expect(setting.ledger(schedule).map(({ outcome }) => outcome)).toEqual(['rejected', 'rejected', 'skipped', 'skipped']);
    expect(setting.told.map(({ type }) => type)).toEqual(['schedule.rejected', 'schedule.rejected', 'schedule.paused']);
    expect(setting.told[0]?.data).toMatchObject({ fire: { at: '2026-06-01T09:00:00.000Z' }, reason: expect.any(String) });
  });
});

describe('jitter', () => {
  test('delays each fire by a time of its own that is always the same; its nominal time stays', async () => {
    const setting = new ScheduleSetting('2026-06-01T08:30:00.000Z');
    const schedule = await setting.create({ ...hourly, jitter: '10m' });
    await setting.pass('2026-06-03T08:30:00.000Z');
    const ledger = setting.ledger(schedule);
    expect(ledger).toHaveLength(48);
    const delays = ledger.map(({ nominal, at }) => (Date.parse(at) - Date.parse(nominal)) / 1000);
    expect(Math.max(...delays)).toBeLessThanOrEqual(602);
    expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(300);
    expect(ledger.every(({ nominal, lateBy }) => nominal.endsWith(':00:00.000Z') && lateBy <= 2)).toBe(true);
  });
});

describe('start and end', () => {
  test('it fires from the start to the end, both included, and then no more', async () => {
    const setting = new ScheduleSetting('2026-06-01T08:30:00.000Z');
    const schedule = await setting.create({
      expression: 'rate(30 minutes)',
      startAt: '2026-06-01T10:00:00.000Z',
      endAt: '2026-06-01T11:00:00.000Z',
    });
    await setting.pass('2026-06-02T08:30:00.000Z');
    expect(setting.ledger(schedule).map(({ nominal }) => nominal.slice(11, 16))).toEqual(['10:00', '10:30', '11:00']);
    expect(setting.alarms.size).toBe(0);
    expect((await setting.schedules.get(schedule.id))?.dueAt).toBeUndefined();
  });

  test('a change of the expression counts from then; what was due before is decided by what it said before', async () => {
    const setting = new ScheduleSetting('2026-06-01T08:30:00.000Z');
    const schedule = await setting.create(hourly);
    setting.sleep('2026-06-01T09:00:30.000Z');
    await changeSchedule(setting.services, setting.workflow, schedule.id, { expression: 'daily at 12:00' });
    await setting.pass('2026-06-01T13:00:00.000Z');
    expect(setting.story(schedule)).toEqual(['06-01 09:00 started', '06-01 12:00 started']);
  });
});

describe('by hand', () => {
  test('trigger starts a run now, also of a paused schedule; the same idempotency key starts one', async () => {
    const setting = new ScheduleSetting('2026-06-01T08:30:00.000Z');
    const schedule = await setting.create({ ...hourly, enabled: false });
    const first = await triggerNow(setting.services, schedule, anActor(), 'k1');
    setting.sleep('2026-06-01T08:31:00.000Z');
    const again = await triggerNow(setting.services, schedule, anActor(), 'k1');
    const other = await triggerNow(setting.services, schedule, anActor(), undefined);
    expect(first).toMatchObject({ outcome: 'started', kind: 'manual', nominal: '2026-06-01T08:30:00.000Z' });
    expect(again.runId).toBe(first.runId);
    expect(other.runId).not.toBe(first.runId);
    expect(setting.ledger(schedule)).toHaveLength(2);
  });

  test('triggers of one millisecond start a run each, and take no line from an expected fire of that moment', async () => {
    const setting = new ScheduleSetting('2026-06-01T08:30:00.000Z');
    const schedule = await setting.create(hourly);
    setting.sleep('2026-06-01T09:00:00.000Z');
    const asked = await Promise.all(
      [undefined, undefined, undefined].map(() => triggerNow(setting.services, schedule, anActor(), undefined)),
    );
    await setting.tick(schedule);
    expect(new Set(asked.map(({ runId }) => runId)).size).toBe(3);
    expect(
      setting
        .ledger(schedule)
        .map(({ kind }) => kind)
        .toSorted(),
    ).toEqual(['expected', 'manual', 'manual', 'manual']);
    expect(setting.runs.ids).toHaveLength(4);
  });

  test('backfill starts fires that started no run under their own name, and those that did once more', async () => {
    const setting = new ScheduleSetting('2026-06-01T08:30:00.000Z');
    const schedule = await setting.create(hourly);
    await setting.pass('2026-06-01T09:30:00.000Z');
    setting.becomes = 'failed';
    await setting.pass('2026-06-01T10:30:00.000Z');
    setting.becomes = 'succeeded';
    setting.sleep('2026-06-01T13:30:00.000Z');
    await setting.tick(schedule);
    const stored = await setting.schedules.get(schedule.id);
    if (!stored) throw new Error('gone');
    const range = { from: new Date('2026-06-01T07:00:00Z'), to: new Date('2026-06-01T13:00:00Z') };
    const { fires, left } = await backfill(setting.services, stored, { ...range, skipSucceeded: true, actor: anActor() });
    expect(left).toEqual(['2026-06-01T09:00:00.000Z', '2026-06-01T13:00:00.000Z']);
    expect(fires.map(({ nominal, attempt }) => [nominal.slice(11, 13), attempt])).toEqual([
      ['07', 1],
      ['08', 1],
      ['10', 2],
      ['11', 1],
      ['12', 1],
    ]);
    expect(setting.runs.ids).toHaveLength(3 + 5);

    const twice = await backfill(setting.services, stored, { ...range, skipSucceeded: true, actor: anActor() });
    expect(twice.fires).toEqual([]);
    expect(setting.runs.ids).toHaveLength(8);
    const all = await backfill(setting.services, stored, { ...range, skipSucceeded: false, actor: anActor() });
    expect(all.fires).toHaveLength(7);
    expect(setting.runs.ids).toHaveLength(15);
  });

  test.each([
    ['the future', '2026-06-01T08:00:00Z', '2026-06-02T08:00:00Z', /lies in the future/],
    ['an end before its beginning', '2026-06-01T08:00:00Z', '2026-06-01T07:00:00Z', /ends before it begins/],
    ['too many', '2026-01-01T08:00:00Z', '2026-06-01T07:00:00Z', /More than 100 fires/],
  ])('backfill refuses %s', async (_, from, to, reason) => {
    const setting = new ScheduleSetting('2026-06-01T08:30:00.000Z');
    const schedule = await setting.create(hourly);
    await expect(
      backfill(setting.services, schedule, { from: new Date(from), to: new Date(to), skipSucceeded: true, actor: anActor() }),
    ).rejects.toThrow(reason);
  });
});

describe('nothing is lost and nothing happens twice', () => {
  const EFFECTS = ['claim', 'run', 'delivery', 'amend', 'schedule', 'alarm'];

  test.each(EFFECTS)('a crash right before the effect "%s", and the alarm rings again', async (effect) => {
    const setting = new ScheduleSetting('2026-06-01T08:30:00.000Z');
    const schedule = await setting.create(hourly);
    setting.crashes.push(effect);
    setting.sleep('2026-06-01T09:00:01.000Z');
    await setting.tick(schedule).catch((error: unknown) => expect(error).toBeInstanceOf(Crash));
    await setting.tick(schedule);
    expect(setting.story(schedule)).toEqual(['06-01 09:00 started']);
    expect(setting.runs.ids).toHaveLength(1);
    expect((await setting.schedules.get(schedule.id))?.next).toBe('2026-06-01T10:00:00.000Z');
  });

  test('crashes anywhere, any number of them, whatever the rules: one line a fire and one run a line', async () => {
    let crashed = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...EFFECTS), { maxLength: 12 }),
        fc.constantFrom('allow', 'skip', 'queue', 'stop_previous' as const),
        fc.constantFrom('none', 'last', 'all' as const),
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 3, maxLength: 12 }),
        fc.constantFrom('succeeded', 'running', 'failed' as const),
        async (crashes, overlap, catchUp, sleeps, becomes) => {
          const setting = new ScheduleSetting('2026-06-01T08:30:00.000Z');
          setting.becomes = becomes;
          const schedule = await setting.create({ ...hourly, overlap: overlap as 'allow', catchUp: catchUp as 'all' });
          setting.crashes.push(...crashes);
          for (const minutes of sleeps) {
            setting.sleep(new Date(setting.now + minutes * 60_000).toISOString());
            await setting.tick(schedule).catch((error: unknown) => {
              expect(error).toBeInstanceOf(Crash);
              crashed += 1;
            });
          }
          setting.crashes.length = 0;
          await setting.tick(schedule);
          const ledger = setting.ledger(schedule);
          const expected = otherFires(
            '0 * * * *',
            'UTC',
            hourly.dst,
            '2026-06-01T09:00:00Z',
            new Date(setting.now + 1001).toISOString(),
          );
          expect(ledger.map(({ nominal }) => nominal)).toEqual(expected);
          const started = ledger.filter(({ outcome }) => outcome === 'started');
          expect(new Set(started.map(({ runId }) => runId))).toEqual(new Set(setting.runs.ids));
          expect(started).toHaveLength(setting.runs.ids.length);
          expect(ledger.some(({ outcome }) => outcome === 'starting' || outcome === 'rejected')).toBe(false);
        },
      ),
      { numRuns: 200 },
    );
    expect(crashed).toBeGreaterThan(200);
  });

  test('two who look at once decide once', async () => {
    const setting = new ScheduleSetting('2026-06-01T08:30:00.000Z');
    const schedule = await setting.create({ ...hourly, overlap: 'skip' });
    setting.sleep('2026-06-01T09:00:01.000Z');
    await Promise.all(Array.from({ length: 10 }, () => setting.tick(schedule)));
    expect(setting.runs.ids).toHaveLength(1);
    expect(setting.story(schedule)).toEqual(['06-01 09:00 started']);
  });

  test('a change that comes between a start and its note forgets neither', async () => {
    const setting = new ScheduleSetting('2026-06-01T08:30:00.000Z');
    setting.becomes = 'running';
    const schedule = await setting.create({ ...hourly, overlap: 'skip' });
    setting.sleep('2026-06-01T09:00:01.000Z');
    setting.schedules.before = async () => {
      const seen = await setting.schedules.get(schedule.id);
      if (seen) await setting.schedules.replace(seen, { ...seen, name: 'other', next: '2026-06-01T10:00:00.000Z' });
    };
    await setting.tick(schedule);
    await setting.pass('2026-06-01T10:00:30.000Z');
    expect(setting.story(schedule)).toEqual(['06-01 09:00 started', '06-01 10:00 skipped overlap']);
    expect((await setting.schedules.get(schedule.id))?.name).toBe('other');
  });

  test('inputs that change between a start and its note: the run that was started counts', async () => {
    const setting = new ScheduleSetting('2026-06-01T08:30:00.000Z');
    const schedule = await setting.create(hourly);
    setting.crashes.push('delivery');
    setting.sleep('2026-06-01T09:00:01.000Z');
    await setting.tick(schedule).catch(() => {});
    const seen = await setting.schedules.get(schedule.id);
    if (seen) await setting.schedules.replace(seen, { ...seen, inputs: { n: 2 } });
    await setting.tick(schedule);
    expect(setting.ledger(schedule)).toMatchObject([{ outcome: 'started', runId: setting.runs.ids[0] }]);
    expect(setting.runs.ids).toHaveLength(1);
  });
});
