import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backfill, triggerNow } from '../../../shared/trigger/schedule/manual-fires.ts';
import { changeSchedule, deleteSchedule } from '../../../shared/trigger/schedule/save-schedule.ts';
import { otherFires } from './oracle.ts';
import { Crash, House } from './schedule-setting.ts';

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
      const house = new House('2026-01-01T00:00:00.000Z');
      const schedule = await house.create({ expression, timezone, dst });
      await house.pass('2026-12-31T23:59:59.000Z');
      const expected = otherFires(expression, timezone, dst, '2026-01-01T00:00:00.001Z', '2027-01-01T00:00:00Z');
      expect(expected.length).toBeGreaterThan(5);
      const ledger = house.ledger(schedule);
      expect(ledger.map(({ nominal }) => nominal)).toEqual(expected);
      expect(ledger.every(({ outcome, lateBy }) => outcome === 'started' && lateBy <= 2)).toBe(true);
      expect(house.runs.ids).toHaveLength(expected.length);
      expect(house.deliveries.map(({ source }) => source)).toEqual(expected);
    },
  );
});

describe('after downtime', () => {
  const downtime = async (of: object) => {
    const house = new House('2026-06-01T08:30:00.000Z');
    const schedule = await house.create({ ...hourly, ...of });
    await house.pass('2026-06-01T09:10:00.000Z');
    house.sleep('2026-06-01T13:30:00.000Z');
    await house.tick(schedule);
    return { house, schedule };
  };

  test('catch_up none: what was due is missed', async () => {
    const { house, schedule } = await downtime({ catchUp: 'none' });
    expect(house.story(schedule)).toEqual([
      '06-01 09:00 started',
      '06-01 10:00 missed',
      '06-01 11:00 missed',
      '06-01 12:00 missed',
      '06-01 13:00 missed',
    ]);
    expect(house.seen.missed).toBe(4);
  });

  test('catch_up last: the newest is started, late', async () => {
    const { house, schedule } = await downtime({ catchUp: 'last' });
    expect(house.story(schedule)).toEqual([
      '06-01 09:00 started',
      '06-01 10:00 missed',
      '06-01 11:00 missed',
      '06-01 12:00 missed',
      '06-01 13:00 started',
    ]);
    expect(house.ledger(schedule).at(-1)?.lateBy).toBe(1800);
  });

  test('catch_up last: none is made up for when one comes in time', async () => {
    const house = new House('2026-06-01T08:30:00.000Z');
    const schedule = await house.create({ ...hourly });
    house.sleep('2026-06-01T11:00:30.000Z');
    await house.tick(schedule);
    expect(house.story(schedule)).toEqual(['06-01 09:00 missed', '06-01 10:00 missed', '06-01 11:00 started']);
  });

  test('catch_up all: every one is started, in their order', async () => {
    const { house, schedule } = await downtime({ catchUp: 'all' });
    expect(house.ledger(schedule).map(({ outcome }) => outcome)).toEqual(Array(5).fill('started'));
    expect(house.runs.ids).toEqual(house.ledger(schedule).map(({ runId }) => runId));
  });

  test('catch_up_window: what is older is missed', async () => {
    const { house, schedule } = await downtime({ catchUp: 'all', catchUpWindow: '2h' });
    expect(house.story(schedule)).toEqual([
      '06-01 09:00 started',
      '06-01 10:00 missed',
      '06-01 11:00 missed',
      '06-01 12:00 started',
      '06-01 13:00 started',
    ]);
    const other = await downtime({ catchUp: 'last', catchUpWindow: '10m' });
    expect(other.house.story(other.schedule).at(-1)).toBe('06-01 13:00 missed');
  });

  test('a year of missed minutes is told in lines that can be read, and none of it delays the next fire', async () => {
    const house = new House('2026-01-01T00:00:00.000Z');
    const schedule = await house.create({ expression: '* * * * *', catchUp: 'none', dst: { gap: 'shift', overlap: 'both' } });
    house.sleep('2027-01-01T00:00:00.500Z');
    await house.tick(schedule);
    const ledger = house.ledger(schedule);
    const [older] = ledger;
    expect(ledger.length).toBeLessThanOrEqual(501);
    expect(ledger.reduce((sum, { count = 1 }) => sum + count, 0)).toBe(525_600);
    expect(older).toMatchObject({ nominal: '2026-01-01T00:01:00.000Z', outcome: 'missed' });
    expect(ledger.at(-1)).toMatchObject({ nominal: '2027-01-01T00:00:00.000Z', outcome: 'started' });
    expect((await house.schedules.get(schedule.id))?.next).toBe('2027-01-01T00:01:00.000Z');
  });

  test('catch_up all over more fires than one look takes goes on until none is left', async () => {
    const house = new House('2026-01-01T00:00:00.000Z');
    const schedule = await house.create({ expression: '* * * * *', catchUp: 'all', dst: { gap: 'shift', overlap: 'both' } });
    house.sleep('2026-01-01T20:00:00.000Z');
    await house.tick(schedule);
    await house.pass('2026-01-01T20:00:30.000Z');
    expect(house.ledger(schedule)).toHaveLength(1200);
    expect(house.runs.ids).toHaveLength(1200);
  });
});

describe('the reconciler', () => {
  test('finds the fire whose alarm was lost, starts it, and says so', async () => {
    const house = new House('2026-06-01T08:30:00.000Z');
    const schedule = await house.create(hourly);
    house.alarms.clear();
    house.sleep('2026-06-01T09:01:59.000Z');
    await house.reconcile();
    expect(house.story(schedule)).toEqual([]);
    house.sleep('2026-06-01T09:02:00.000Z');
    await house.reconcile();
    expect(house.story(schedule)).toEqual(['06-01 09:00 started']);
    expect(house.seen.overdue).toBe(1);
    expect(house.alarms.get(schedule.id)).toBe(Date.parse('2026-06-01T10:00:00Z'));
  });

  test('has nothing to say where all goes well', async () => {
    const house = new House('2026-06-01T08:30:00.000Z');
    await house.create(hourly);
    for (let minute = 0; minute < 300; minute++) {
      await house.pass(new Date(house.now + 60_000).toISOString());
      await house.reconcile();
    }
    expect(house.seen).toMatchObject({ overdue: 0, missed: 0 });
    expect(house.runs.ids).toHaveLength(5);
  });

  test('deals with any number of schedules in one look', async () => {
    const house = new House('2026-06-01T08:30:00.000Z');
    const made = await Promise.all(Array.from({ length: 450 }, () => house.create(hourly)));
    house.alarms.clear();
    house.sleep('2026-06-01T09:03:00.000Z');
    expect(await house.reconcile()).toEqual({ seen: 450, failed: [] });
    expect(house.runs.ids).toHaveLength(450);
    expect(made.every((schedule) => house.story(schedule).join() === '06-01 09:00 started')).toBe(true);
  });

  test('one schedule that cannot be dealt with keeps nobody else waiting, and is named', async () => {
    const house = new House('2026-06-01T08:30:00.000Z');
    await house.create(hourly);
    await house.create(hourly);
    house.alarms.clear();
    house.crashes.push('run');
    house.sleep('2026-06-01T09:03:00.000Z');
    const { failed } = await house.reconcile();
    expect(failed).toHaveLength(1);
    expect(house.runs.ids).toHaveLength(1);
    await house.reconcile();
    expect(house.runs.ids).toHaveLength(2);
  });

  test('an alarm clock that cannot be set loses no fire', async () => {
    const house = new House('2026-06-01T08:30:00.000Z');
    house.crashes.push('alarm');
    const schedule = await house.create(hourly);
    expect(house.seen.alarmsLost).toBe(1);
    house.sleep('2026-06-01T09:02:30.000Z');
    await house.reconcile();
    expect(house.story(schedule)).toEqual(['06-01 09:00 started']);
  });
});

describe('while the run before lives', () => {
  const twoFires = async (overlap: 'allow' | 'skip' | 'queue' | 'stop_previous') => {
    const house = new House('2026-06-01T08:30:00.000Z');
    house.becomes = 'running';
    const schedule = await house.create({ ...hourly, overlap });
    await house.pass('2026-06-01T10:00:30.000Z');
    return { house, schedule };
  };

  test('overlap allow: both run', async () => {
    const { house, schedule } = await twoFires('allow');
    expect(house.story(schedule)).toEqual(['06-01 09:00 started', '06-01 10:00 started']);
  });

  test('overlap skip: the second is left out, until the first has ended', async () => {
    const { house, schedule } = await twoFires('skip');
    expect(house.story(schedule)).toEqual(['06-01 09:00 started', '06-01 10:00 skipped overlap']);
    await house.end(house.ledger(schedule)[0], 'failed');
    await house.pass('2026-06-01T11:00:30.000Z');
    expect(house.story(schedule).at(-1)).toBe('06-01 11:00 started');
  });

  test('overlap stop_previous: the first is stopped', async () => {
    const { house, schedule } = await twoFires('stop_previous');
    expect(house.story(schedule)).toEqual(['06-01 09:00 started', '06-01 10:00 started']);
    expect(await house.statuses(house.ledger(schedule))).toEqual(['cancelled', 'running']);
  });

  test('overlap queue: the second waits its turn, and those behind it theirs, one run at a time', async () => {
    const { house, schedule } = await twoFires('queue');
    await house.pass('2026-06-01T11:00:30.000Z');
    expect(house.story(schedule)).toEqual(['06-01 09:00 started', '06-01 10:00 queued', '06-01 11:00 queued']);
    house.sleep('2026-06-01T11:05:00.000Z');
    await house.reconcile();
    expect(house.runs.ids).toHaveLength(1);

    await house.end(house.ledger(schedule)[0], 'succeeded');
    house.sleep('2026-06-01T11:10:00.000Z');
    await house.reconcile();
    expect(house.story(schedule)).toEqual(['06-01 09:00 started', '06-01 10:00 started', '06-01 11:00 queued']);
    expect(house.ledger(schedule)[1]?.lateBy).toBe(4200);
    expect(house.seen.overdue).toBe(0);

    await house.end(house.ledger(schedule)[1], 'succeeded');
    house.sleep('2026-06-01T11:12:00.000Z');
    await house.reconcile();
    expect(house.ledger(schedule).map(({ outcome }) => outcome)).toEqual(['started', 'started', 'started']);
    expect((await house.schedules.get(schedule.id))?.queued).toEqual([]);
  });

  test('overlap queue: a queue does not grow without end', async () => {
    const { house, schedule } = await twoFires('queue');
    await house.pass('2026-06-06T00:00:30.000Z');
    const outcomes = house.ledger(schedule).map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === 'queued')).toHaveLength(100);
    expect(house.story(schedule).at(-1)).toContain('skipped queue_full');
  });
});

describe('what starts no run', () => {
  test('a disabled schedule and a disabled workflow: every fire is recorded, none is started', async () => {
    const house = new House('2026-06-01T08:30:00.000Z');
    const schedule = await house.create(hourly);
    await changeSchedule(house.services, house.workflow, schedule.id, { enabled: false });
    await house.pass('2026-06-01T09:30:00.000Z');
    await changeSchedule(house.services, house.workflow, schedule.id, { enabled: true });
    house.workflow = { ...house.workflow, enabled: false };
    await house.pass('2026-06-01T10:30:00.000Z');
    house.workflow = { ...house.workflow, enabled: true };
    await house.pass('2026-06-01T11:30:00.000Z');
    expect(house.story(schedule)).toEqual([
      '06-01 09:00 skipped disabled',
      '06-01 10:00 skipped workflow_disabled',
      '06-01 11:00 started',
    ]);
    expect(house.deliveries).toHaveLength(1);
  });

  test('a condition that is false: skipped, with the run that says so', async () => {
    const house = new House('2026-06-01T08:30:00.000Z');
    house.plan = { ...house.plan, document: { ...house.plan.document, runIf: false as never } };
    const schedule = await house.create(hourly);
    await house.pass('2026-06-01T09:30:00.000Z');
    expect(house.ledger(schedule)).toMatchObject([{ outcome: 'skipped', reason: 'condition', runId: expect.any(String) }]);
  });

  test('a workflow that is not published: rejected, with the reason, in the ledger and the delivery', async () => {
    const house = new House('2026-06-01T08:30:00.000Z');
    const { published, ...draft } = house.workflow;
    house.workflow = draft;
    const schedule = await house.create(hourly);
    await house.pass('2026-06-01T09:30:00.000Z');
    expect(house.ledger(schedule)).toMatchObject([
      { outcome: 'rejected', reason: 'Workflow "orders" has no published version.' },
    ]);
    expect(house.deliveries).toMatchObject([
      { outcome: 'rejected', trigger: 'schedule', key: `${schedule.id} 2026-06-01T09:00:00.000Z` },
    ]);
    house.workflow = { ...draft, ...(published && { published }) };
    await house.pass('2026-06-01T10:30:00.000Z');
    expect(house.story(schedule).at(-1)).toBe('06-01 10:00 started');
  });

  test('a workflow that was deleted turns its schedules off', async () => {
    const house = new House('2026-06-01T08:30:00.000Z');
    const schedule = await house.create(hourly);
    house.workflow = { ...house.workflow, deletedAt: '2026-06-01T08:40:00.000Z' };
    await house.pass('2026-06-01T10:30:00.000Z');
    expect(house.story(schedule)).toEqual([]);
    const stored = await house.schedules.get(schedule.id);
    expect(stored).toMatchObject({ enabled: false, offReason: 'Its workflow was deleted.' });
    expect(stored?.dueAt).toBeUndefined();
    expect(house.alarms.size).toBe(0);
  });

  test('a deleted schedule fires no more, and its alarm clock is gone', async () => {
    const house = new House('2026-06-01T08:30:00.000Z');
    const schedule = await house.create(hourly);
    await deleteSchedule(house.services, schedule.id);
    expect(house.alarms.size).toBe(0);
    house.sleep('2026-06-01T09:30:00.000Z');
    await house.tick(schedule);
    await house.reconcile();
    expect(house.story(schedule)).toEqual([]);
  });
});

describe('stop_after_failures', () => {
  test('turns it off after so many in a row, with the reason; on again it begins to count anew', async () => {
    const house = new House('2026-06-01T08:30:00.000Z');
    const schedule = await house.create({ ...hourly, stopAfterFailures: 3 });
    for (const becomes of ['failed', 'failed', 'succeeded', 'failed', 'cancelled', 'timed_out', 'failed'] as const) {
      house.becomes = becomes;
      await house.pass(new Date(house.now + 3_600_000).toISOString());
    }
    await house.pass(new Date(house.now + 3_600_000).toISOString());
    expect(house.story(schedule).slice(6)).toEqual(['06-01 15:00 started', '06-01 16:00 skipped disabled']);
    expect(await house.schedules.get(schedule.id)).toMatchObject({
      enabled: false,
      offReason: 'It was turned off after 3 failures in a row.',
    });
    expect(house.seen.turnedOff).toHaveLength(1);

    house.becomes = 'failed';
    await changeSchedule(house.services, house.workflow, schedule.id, { enabled: true });
    await house.pass(new Date(house.now + 2 * 3_600_000).toISOString());
    const again = await house.schedules.get(schedule.id);
    expect(again).toMatchObject({ enabled: true });
    expect(again?.offReason).toBeUndefined();
  });

  test('fires that are rejected count', async () => {
    const house = new House('2026-06-01T08:30:00.000Z');
    const { published: _, ...draft } = house.workflow;
    house.workflow = draft;
    const schedule = await house.create({ ...hourly, stopAfterFailures: 2 });
    await house.pass('2026-06-01T12:30:00.000Z');
    expect(house.ledger(schedule).map(({ outcome }) => outcome)).toEqual(['rejected', 'rejected', 'skipped', 'skipped']);
  });
});

describe('jitter', () => {
  test('delays each fire by a time of its own that is always the same; its nominal time stays', async () => {
    const house = new House('2026-06-01T08:30:00.000Z');
    const schedule = await house.create({ ...hourly, jitter: '10m' });
    await house.pass('2026-06-03T08:30:00.000Z');
    const ledger = house.ledger(schedule);
    expect(ledger).toHaveLength(48);
    const delays = ledger.map(({ nominal, at }) => (Date.parse(at) - Date.parse(nominal)) / 1000);
    expect(Math.max(...delays)).toBeLessThanOrEqual(602);
    expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(300);
    expect(ledger.every(({ nominal, lateBy }) => nominal.endsWith(':00:00.000Z') && lateBy <= 2)).toBe(true);
  });
});

describe('start and end', () => {
  test('it fires from the start to the end, both included, and then no more', async () => {
    const house = new House('2026-06-01T08:30:00.000Z');
    const schedule = await house.create({
      expression: 'rate(30 minutes)',
      startAt: '2026-06-01T10:00:00.000Z',
      endAt: '2026-06-01T11:00:00.000Z',
    });
    await house.pass('2026-06-02T08:30:00.000Z');
    expect(house.ledger(schedule).map(({ nominal }) => nominal.slice(11, 16))).toEqual(['10:00', '10:30', '11:00']);
    expect(house.alarms.size).toBe(0);
    expect((await house.schedules.get(schedule.id))?.dueAt).toBeUndefined();
  });

  test('a change of the expression counts from then; what was due before is decided by what it said before', async () => {
    const house = new House('2026-06-01T08:30:00.000Z');
    const schedule = await house.create(hourly);
    house.sleep('2026-06-01T09:00:30.000Z');
    await changeSchedule(house.services, house.workflow, schedule.id, { expression: 'daily at 12:00' });
    await house.pass('2026-06-01T13:00:00.000Z');
    expect(house.story(schedule)).toEqual(['06-01 09:00 started', '06-01 12:00 started']);
  });
});

describe('by hand', () => {
  test('trigger starts a run now, also of a paused schedule; the same idempotency key starts one', async () => {
    const house = new House('2026-06-01T08:30:00.000Z');
    const schedule = await house.create({ ...hourly, enabled: false });
    const first = await triggerNow(house.services, schedule, 'k1');
    house.sleep('2026-06-01T08:31:00.000Z');
    const again = await triggerNow(house.services, schedule, 'k1');
    const other = await triggerNow(house.services, schedule, undefined);
    expect(first).toMatchObject({ outcome: 'started', kind: 'manual', nominal: '2026-06-01T08:30:00.000Z' });
    expect(again.runId).toBe(first.runId);
    expect(other.runId).not.toBe(first.runId);
    expect(house.ledger(schedule)).toHaveLength(2);
  });

  test('triggers of one millisecond start a run each, and take no line from an expected fire of that moment', async () => {
    const house = new House('2026-06-01T08:30:00.000Z');
    const schedule = await house.create(hourly);
    house.sleep('2026-06-01T09:00:00.000Z');
    const asked = await Promise.all([undefined, undefined, undefined].map(() => triggerNow(house.services, schedule, undefined)));
    await house.tick(schedule);
    expect(new Set(asked.map(({ runId }) => runId)).size).toBe(3);
    expect(
      house
        .ledger(schedule)
        .map(({ kind }) => kind)
        .toSorted(),
    ).toEqual(['expected', 'manual', 'manual', 'manual']);
    expect(house.runs.ids).toHaveLength(4);
  });

  test('backfill starts fires that started no run under their own name, and those that did once more', async () => {
    const house = new House('2026-06-01T08:30:00.000Z');
    const schedule = await house.create(hourly);
    await house.pass('2026-06-01T09:30:00.000Z');
    house.becomes = 'failed';
    await house.pass('2026-06-01T10:30:00.000Z');
    house.becomes = 'succeeded';
    house.sleep('2026-06-01T13:30:00.000Z');
    await house.tick(schedule);
    const stored = await house.schedules.get(schedule.id);
    if (!stored) throw new Error('gone');
    const range = { from: new Date('2026-06-01T07:00:00Z'), to: new Date('2026-06-01T13:00:00Z') };
    const { fires, left } = await backfill(house.services, stored, { ...range, skipSucceeded: true });
    expect(left).toEqual(['2026-06-01T09:00:00.000Z', '2026-06-01T13:00:00.000Z']);
    expect(fires.map(({ nominal, attempt }) => [nominal.slice(11, 13), attempt])).toEqual([
      ['07', 1],
      ['08', 1],
      ['10', 2],
      ['11', 1],
      ['12', 1],
    ]);
    expect(house.runs.ids).toHaveLength(3 + 5);

    const twice = await backfill(house.services, stored, { ...range, skipSucceeded: true });
    expect(twice.fires).toEqual([]);
    expect(house.runs.ids).toHaveLength(8);
    const all = await backfill(house.services, stored, { ...range, skipSucceeded: false });
    expect(all.fires).toHaveLength(7);
    expect(house.runs.ids).toHaveLength(15);
  });

  test.each([
    ['the future', '2026-06-01T08:00:00Z', '2026-06-02T08:00:00Z', /lies in the future/],
    ['an end before its beginning', '2026-06-01T08:00:00Z', '2026-06-01T07:00:00Z', /ends before it begins/],
    ['too many', '2026-01-01T08:00:00Z', '2026-06-01T07:00:00Z', /More than 100 fires/],
  ])('backfill refuses %s', async (_, from, to, reason) => {
    const house = new House('2026-06-01T08:30:00.000Z');
    const schedule = await house.create(hourly);
    await expect(
      backfill(house.services, schedule, { from: new Date(from), to: new Date(to), skipSucceeded: true }),
    ).rejects.toThrow(reason);
  });
});

describe('nothing is lost and nothing happens twice', () => {
  const EFFECTS = ['claim', 'run', 'delivery', 'amend', 'schedule', 'alarm'];

  test.each(EFFECTS)('a crash right before the effect "%s", and the alarm rings again', async (effect) => {
    const house = new House('2026-06-01T08:30:00.000Z');
    const schedule = await house.create(hourly);
    house.crashes.push(effect);
    house.sleep('2026-06-01T09:00:01.000Z');
    await house.tick(schedule).catch((error: unknown) => expect(error).toBeInstanceOf(Crash));
    await house.tick(schedule);
    expect(house.story(schedule)).toEqual(['06-01 09:00 started']);
    expect(house.runs.ids).toHaveLength(1);
    expect((await house.schedules.get(schedule.id))?.next).toBe('2026-06-01T10:00:00.000Z');
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
          const house = new House('2026-06-01T08:30:00.000Z');
          house.becomes = becomes;
          const schedule = await house.create({ ...hourly, overlap: overlap as 'allow', catchUp: catchUp as 'all' });
          house.crashes.push(...crashes);
          for (const minutes of sleeps) {
            house.sleep(new Date(house.now + minutes * 60_000).toISOString());
            await house.tick(schedule).catch((error: unknown) => {
              expect(error).toBeInstanceOf(Crash);
              crashed += 1;
            });
          }
          house.crashes.length = 0;
          await house.tick(schedule);
          const ledger = house.ledger(schedule);
          const expected = otherFires(
            '0 * * * *',
            'UTC',
            hourly.dst,
            '2026-06-01T09:00:00Z',
            new Date(house.now + 1001).toISOString(),
          );
          expect(ledger.map(({ nominal }) => nominal)).toEqual(expected);
          const started = ledger.filter(({ outcome }) => outcome === 'started');
          expect(new Set(started.map(({ runId }) => runId))).toEqual(new Set(house.runs.ids));
          expect(started).toHaveLength(house.runs.ids.length);
          expect(ledger.some(({ outcome }) => outcome === 'starting' || outcome === 'rejected')).toBe(false);
        },
      ),
      { numRuns: 200 },
    );
    expect(crashed).toBeGreaterThan(200);
  });

  test('two who look at once decide once', async () => {
    const house = new House('2026-06-01T08:30:00.000Z');
    const schedule = await house.create({ ...hourly, overlap: 'skip' });
    house.sleep('2026-06-01T09:00:01.000Z');
    await Promise.all(Array.from({ length: 10 }, () => house.tick(schedule)));
    expect(house.runs.ids).toHaveLength(1);
    expect(house.story(schedule)).toEqual(['06-01 09:00 started']);
  });

  test('a change that comes between a start and its note forgets neither', async () => {
    const house = new House('2026-06-01T08:30:00.000Z');
    house.becomes = 'running';
    const schedule = await house.create({ ...hourly, overlap: 'skip' });
    house.sleep('2026-06-01T09:00:01.000Z');
    house.schedules.before = async () => {
      const seen = await house.schedules.get(schedule.id);
      if (seen) await house.schedules.replace(seen, { ...seen, name: 'other', next: '2026-06-01T10:00:00.000Z' });
    };
    await house.tick(schedule);
    await house.pass('2026-06-01T10:00:30.000Z');
    expect(house.story(schedule)).toEqual(['06-01 09:00 started', '06-01 10:00 skipped overlap']);
    expect((await house.schedules.get(schedule.id))?.name).toBe('other');
  });

  test('inputs that change between a start and its note: the run that was started counts', async () => {
    const house = new House('2026-06-01T08:30:00.000Z');
    const schedule = await house.create(hourly);
    house.crashes.push('delivery');
    house.sleep('2026-06-01T09:00:01.000Z');
    await house.tick(schedule).catch(() => {});
    const seen = await house.schedules.get(schedule.id);
    if (seen) await house.schedules.replace(seen, { ...seen, inputs: { n: 2 } });
    await house.tick(schedule);
    expect(house.ledger(schedule)).toMatchObject([{ outcome: 'started', runId: house.runs.ids[0] }]);
    expect(house.runs.ids).toHaveLength(1);
  });
});
