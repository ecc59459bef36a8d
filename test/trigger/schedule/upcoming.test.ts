import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { candidates } from '../../../shared/trigger/schedule/fires.ts';
import { type Schedule, timingOf } from '../../../shared/trigger/schedule/schedule.ts';
import {
  type Ahead,
  clockChanges,
  type Place,
  schedulesOf,
  type Upcoming,
  upcomingFires,
} from '../../../shared/trigger/schedule/upcoming.ts';
import { aSchedule } from '../../contract/schedules.ts';
import { setting } from '../../run/setting.ts';
import { Schedules } from './client.ts';
import { MemorySchedules } from './memory-schedules.ts';

const DAY_MS = 86_400_000;
const window = (from: string, to: string): Ahead => ({ from: Date.parse(from), to: Date.parse(to) });
const told = ({ schedule, fire }: Upcoming) =>
  `${schedule.name} ${new Date(fire.at).toISOString().slice(5, 16)} ${fire.mark ?? ''}`.trim();

describe('the fires of several schedules', () => {
  test('come in the order of their times, marked where a clock change touches them', () => {
    const schedules = [
      aSchedule({ name: 'berlin', expression: '30 2 * * *', timezone: 'Europe/Berlin' }),
      aSchedule({ name: 'strict', expression: '30 2 * * *', timezone: 'Europe/Berlin', dst: { gap: 'skip', overlap: 'first' } }),
      aSchedule({ name: 'utc', expression: 'daily at 01:30' }),
    ];
    const ahead = window('2027-03-27T00:00:00Z', '2027-03-29T00:00:00Z');
    const { fires, end } = upcomingFires(schedules, ahead, 100);
    expect(fires.map(told).toSorted()).toEqual([
      'berlin 03-27T01:30',
      'berlin 03-28T01:30 shifted',
      'strict 03-27T01:30',
      'strict 03-28T01:30 gap',
      'utc 03-27T01:30',
      'utc 03-28T01:30',
    ]);
    expect(fires.filter(({ fire }) => fire.leftOut).map(told)).toEqual(['strict 03-28T01:30 gap']);
    expect(end).toBeUndefined();
    expect(clockChanges(schedules, ahead)).toEqual([
      { timezone: 'Europe/Berlin', at: Date.parse('2027-03-28T01:00:00Z'), before: 3_600_000, after: 7_200_000 },
    ]);
    const [autumn] = clockChanges(schedules, window('2027-10-15T00:00:00Z', '2027-11-14T00:00:00Z'));
    expect([autumn?.at, autumn?.after]).toEqual([Date.parse('2027-10-31T01:00:00Z'), 3_600_000]);
    expect(clockChanges(schedules, window('2027-06-01T00:00:00Z', '2027-07-01T00:00:00Z'))).toEqual([]);
  });

  test('whatever the schedules, the window and the size of pages: all of them, each once', () => {
    const schedule = fc.record({
      expression: fc.constantFrom(
        'rate(7 minutes)',
        'hourly',
        '30 2 * * *',
        '*/20 1-3 * * *',
        'cron(0 9 ? * MON#1 *)',
        'at(2027-03-28T02:30:00)',
      ),
      timezone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe'),
      dst: fc.record({ gap: fc.constantFrom('skip', 'shift'), overlap: fc.constantFrom('first', 'second', 'both') }),
    });
    fc.assert(
      fc.property(
        fc.array(schedule, { minLength: 1, maxLength: 6 }),
        fc.constantFrom('2027-03-14T00:00:00Z', '2027-03-27T20:00:00Z', '2027-10-30T22:00:00Z', '2027-11-07T03:00:00Z'),
        fc.double({ min: 0.1, max: 3, noNaN: true }),
        fc.integer({ min: 1, max: 50 }),
        (wishes, from, days, limit) => {
          const schedules = wishes.map((one) => aSchedule({ ...one, anchor: '2027-01-01T00:00:00.000Z' }));
          const ahead = { from: Date.parse(from), to: Date.parse(from) + Math.floor(days * DAY_MS) };
          const seen = pagesOf(schedules, ahead, limit);
          const all = schedules.flatMap((one) => [...within(one, ahead)].map((fire) => ({ schedule: one, fire })));
          expect(seen.map(told).toSorted()).toEqual(all.map(told).toSorted());
          const times = seen.map(({ fire }) => fire.at);
          expect(times).toEqual(times.toSorted((a, b) => a - b));
        },
      ),
      { numRuns: 40 },
    );
  });

  test('of thousands of schedules the newest are read, and it is said', async () => {
    const schedules = new MemorySchedules();
    for (let n = 0; n < 1_050; n += 1) await schedules.create(aSchedule({ enabled: n % 2 === 0 }));
    const all = await schedulesOf({ schedules }, { workspace: 'acme' });
    // Of a thousand that were read, whichever they are, about the half is on.
    expect([Math.round(all.found.length / 100), all.isAll]).toEqual([5, false]);
    expect(await schedulesOf({ schedules }, { workspace: 'acme', project: 'none' })).toEqual({ found: [], isAll: true });
  });

  test('a thousand schedules that fire every minute give a page at once, whatever the window', () => {
    const schedules = Array.from({ length: 1_000 }, () =>
      aSchedule({ expression: 'rate(1 minute)', anchor: '2027-01-01T00:00:00Z' }),
    );
    const { fires, end } = upcomingFires(schedules, window('2027-03-01T00:00:00Z', '2027-04-01T00:00:00Z'), 1_000);
    expect(fires).toHaveLength(1_000);
    expect(new Set(fires.map(({ schedule }) => schedule.id)).size).toBe(1_000);
    expect(end).toBeDefined();
  });
});

function* within(schedule: Schedule, { from, to }: Ahead) {
  for (const fire of candidates(timingOf(schedule), from)) {
    if (fire.at > to) return;
    yield fire;
  }
}

function pagesOf(schedules: Schedule[], ahead: Ahead, limit: number): Upcoming[] {
  const seen: Upcoming[] = [];
  for (let behind: Place | undefined; ; ) {
    const { fires, end } = upcomingFires(schedules, { ...ahead, behind }, limit);
    seen.push(...fires);
    if (!end) return seen;
    behind = end;
  }
}

describe('through the API', () => {
  const here = setting();
  const schedules = new Schedules(() => here.api);
  const quick = { steps: [{ id: 'a', set: { ok: true } }] };
  const year = new Date().getUTCFullYear() + 1;
  const march = `from=${year}-03-20T00:00:00Z&to=${year}-04-05T00:00:00Z`;
  const fire = z.looseObject({
    schedule_id: z.string(),
    at: z.string(),
    due_at: z.string(),
    local: z.string(),
    mark: z.string().nullable(),
  });
  const page = z.object({
    from: z.string(),
    to: z.string(),
    items: z.array(fire),
    left_out: z.array(z.object({ schedule_id: z.string(), local: z.string(), reason: z.string() })),
    clock_changes: z.array(z.object({ timezone: z.string(), at: z.string(), from: z.string(), to: z.string() })),
    truncated: z.boolean(),
    continuation_token: z.string().nullable(),
  });
  const upcoming = async (query: string) => page.parse(await here.api.expect(200, 'GET', `/v1/schedules/upcoming?${query}`));

  test('what lies ahead is listed with names, local times, jitter and what clock changes do', async () => {
    const workflow = await here.api.publish(quick);
    const nightly = await schedules.create(workflow, {
      expression: '30 2 * * *',
      timezone: 'Europe/Berlin',
      dst: { gap: 'skip' },
      jitter: '10m',
    });
    const off = await schedules.create(workflow, { expression: 'hourly', enabled: false });
    const found = await upcoming(`${march}&workflow_id=${workflow}`);
    expect(found.items).toHaveLength(15);
    expect(found.items[0]).toMatchObject({
      schedule_id: nightly.id,
      schedule_name: 'nightly',
      workflow_id: workflow,
      workflow_enabled: true,
      project_id: 'examples',
      timezone: 'Europe/Berlin',
      local: `${year}-03-20T02:30:00`,
      offset: '+01:00',
      mark: null,
    });
    expect(found.items.some(({ schedule_id }) => schedule_id === off.id)).toBe(false);
    for (const { at, due_at } of found.items) {
      const lateMs = Date.parse(due_at) - Date.parse(at);
      expect(lateMs >= 0 && lateMs <= 600_000).toBe(true);
    }
    expect(found.left_out).toMatchObject([{ schedule_id: nightly.id, reason: 'gap' }]);
    expect(found.clock_changes).toMatchObject([{ timezone: 'Europe/Berlin', from: '+01:00', to: '+02:00' }]);
    expect(found).toMatchObject({ truncated: false, continuation_token: null });
    await here.api.expect(200, 'PATCH', `/v1/workflows/${workflow}`, { enabled: false });
    expect((await upcoming(`${march}&workflow_id=${workflow}`)).items[0]).toMatchObject({ workflow_enabled: false });
  });

  test('pages of any size have each fire once; a token is good for its own window', async () => {
    const workflow = await here.api.publish(quick);
    for (const expression of ['hourly', 'daily at 09:00', 'rate(2 hours)']) await schedules.create(workflow, { expression });
    const query = `from=${year}-05-01T00:00:00Z&to=${year}-05-04T00:00:00Z&workflow_id=${workflow}`;
    const whole = (await upcoming(`${query}&limit=1000`)).items;
    expect(whole.length).toBeGreaterThanOrEqual(72 + 3 + 36);
    const seen: z.infer<typeof fire>[] = [];
    for (let token = ''; ; ) {
      const found = await upcoming(`${query}&limit=10${token}`);
      seen.push(...found.items);
      if (found.continuation_token === null) break;
      token = `&continuation_token=${found.continuation_token}`;
    }
    expect(seen).toEqual(whole);
    const { continuation_token: token } = await upcoming(`${query}&limit=10`);
    await here.api.expect(400, 'GET', `/v1/schedules/upcoming?${march}&continuation_token=${token}`);
  });

  test('a week from now unless said; nothing of what was deleted', async () => {
    const workflow = await here.api.publish(quick);
    await schedules.create(workflow, { expression: 'hourly' });
    const found = await upcoming(`workflow_id=${workflow}&limit=1000`);
    expect(Date.parse(found.to) - Date.parse(found.from)).toBe(7 * DAY_MS);
    expect(found.items).toHaveLength(7 * 24);
    expect((await upcoming('limit=1000')).items.some(({ workflow_id }) => workflow_id === workflow)).toBe(true);
    await here.api.expect(204, 'DELETE', `/v1/workflows/${workflow}`);
    expect((await upcoming('limit=1000')).items.some(({ workflow_id }) => workflow_id === workflow)).toBe(false);
  });

  test.each([
    [`from=${year}-01-01T00:00:00Z&to=${year}-02-02T00:00:00Z`, 'to'],
    [`from=${year}-01-02T00:00:00Z&to=${year}-01-01T00:00:00Z`, 'to'],
    ['from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z', 'to'],
    ['from=tomorrow', 'from'],
    ['limit=1001', 'limit'],
    ['continuation_token=nonsense', 'continuation_token'],
    ['schedule_id=abc', 'schedule_id'],
  ])('refuses %s', async (query, field) => {
    const { details } = z
      .object({ details: z.array(z.object({ name: z.string() })) })
      .parse(await here.api.expect(400, 'GET', `/v1/schedules/upcoming?${query}`));
    expect(details.map(({ name }) => name)).toContain(field);
  });

  test('what belongs to others is not there', async () => {
    for (const other of ['project_id=elsewhere', 'workflow_id=01ARZ3NDEKTSV4RRFFQ69G5FAV'])
      expect((await here.api.call('GET', `/v1/schedules/upcoming?${other}`)).status).toBe(404);
  });
});
