import type { Run } from '../../shared/run/model/run.ts';
import type { RunStatus } from '../../shared/run/model/status.ts';
import type { Receipt } from '../../shared/trigger/receipt.ts';
import { type FireWatcher, ScheduleMoved, type Schedules, type Timekeeper } from '../../shared/trigger/schedule/ports.ts';
import { reconcile } from '../../shared/trigger/schedule/reconcile.ts';
import { createSchedule } from '../../shared/trigger/schedule/save-schedule.ts';
import type { LedgerFire, Schedule, ScheduleWishes } from '../../shared/trigger/schedule/schedule.ts';
import { tick } from '../../shared/trigger/schedule/tick.ts';
import type { Workflow } from '../../shared/workflow/workflow.ts';
import { aPlan } from '../builders.ts';

const wishes: ScheduleWishes = {
  name: 'nightly',
  expression: 'daily at 09:00',
  timezone: 'UTC',
  inputs: {},
  dst: { gap: 'shift', overlap: 'first' },
  overlap: 'allow',
  catchUp: 'last',
  catchUpWindow: '24h',
  enabled: true,
};

/** Schedules with all around them in memory, over a clock that goes when it is told to. */
export class House {
  now: number;
  readonly schedules = new MemorySchedules();
  readonly runs = new Map<string, Run>();
  readonly keys = new Map<string, { runId: string; bodyHash: string }>();
  readonly receipts: Receipt[] = [];
  readonly alarms = new Map<string, number>();
  readonly seen = { overdue: 0, missed: 0, turnedOff: [] as string[], alarmsLost: 0 };
  /** What a run is from its start on. */
  becomes: RunStatus = 'succeeded';
  workflow: Workflow = {
    id: '01WORKFLOW',
    workspace: 'acme',
    project: 'ops',
    name: 'orders',
    enabled: true,
    draft: { definition: 'abc', savedAt: '2026-01-01T00:00:00.000Z', savedBy: 'ann' },
    published: { version: 1, definition: 'abc' },
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
  };
  /** Thrown before the named effect happens, once each: a crash. */
  readonly crashes: string[] = [];
  plan = aPlan('  - id: a\n    set: {}\n');

  constructor(now: string) {
    this.now = Date.parse(now);
    this.schedules.effect = (name) => this.effect(name);
  }

  effect(name: string): void {
    if (this.crashes[0] !== name) return;
    this.crashes.shift();
    throw new Crash(name);
  }

  readonly watcher: FireWatcher = {
    overdue: (_, count) => {
      this.seen.overdue += count;
    },
    missed: (_, count) => {
      this.seen.missed += count;
    },
    turnedOff: (_, reason) => void this.seen.turnedOff.push(reason),
    alarmLost: () => {
      this.seen.alarmsLost += 1;
    },
  };

  get services(): Timekeeper {
    const house = this;
    return {
      schedules: this.schedules,
      fireWatcher: this.watcher,
      now: () => new Date(this.now),
      alarmClock: {
        async set(id: string, at: Date) {
          house.effect('alarm');
          house.alarms.set(id, at.getTime());
        },
        async clear(id: string) {
          house.alarms.delete(id);
        },
      },
      receipts: {
        async put(receipt: Receipt) {
          house.effect('receipt');
          house.receipts.push(receipt);
        },
      },
      runs: {
        async create(run: Run, key?: { hash: string; bodyHash: string }) {
          house.effect('run');
          const earlier = key && house.keys.get(key.hash);
          if (earlier) return { earlier };
          if (key) house.keys.set(key.hash, { runId: run.id, bodyHash: key.bodyHash });
          house.runs.set(run.id, { ...run, status: run.status === 'skipped' ? 'skipped' : house.becomes });
          return {};
        },
        get: async (id: string) => house.runs.get(id),
        startedUnder: async (key: { hash: string }) => house.keys.get(key.hash),
        requestStop: async () => true,
        steps: async () => [],
        async settle(run: Run, { status }: { status: RunStatus }) {
          house.runs.set(run.id, { ...run, status });
          return true;
        },
        append: async () => {},
        putStep: async () => {},
      },
      workflows: {
        get: async () => this.workflow,
        definition: async () => ({ hash: 'abc', source: '', pins: {} }),
        checked: async () => ({ document: this.plan.document, pins: {} }),
      },
      definitions: { planOf: async () => this.plan },
      values: {
        store: async (_: string, __: string, value: unknown) => ({ json: JSON.stringify(value) }),
        read: async () => null,
      },
      walks: { start: async () => {}, stop: async () => {} },
      watcher: { runStarted() {}, runSettled() {}, stepEnded() {}, startLost() {} },
    } as unknown as Timekeeper;
  }

  create(of: Partial<ScheduleWishes> = {}): Promise<Schedule> {
    return createSchedule(this.services, this.workflow, { ...wishes, ...of }, 'ann');
  }

  tick(schedule: Pick<Schedule, 'id'>): Promise<Schedule | undefined> {
    return tick(this.services, schedule.id);
  }

  reconcile() {
    return reconcile(this.services);
  }

  /** Lets time pass, with alarm clocks that ring when they should. */
  async pass(until: string): Promise<void> {
    const end = Date.parse(until);
    for (;;) {
      const [first] = [...this.alarms].sort(([, a], [, b]) => a - b);
      if (!first || first[1] > end) break;
      this.alarms.delete(first[0]);
      this.now = Math.max(this.now, first[1]);
      await tick(this.services, first[0]);
    }
    this.now = end;
  }

  /** Lets time pass while nobody keeps it. */
  sleep(until: string): void {
    this.now = Date.parse(until);
  }

  ledger({ id }: Pick<Schedule, 'id'>): LedgerFire[] {
    return [...this.schedules.lines.values()]
      .filter((fire) => fire.scheduleId === id)
      .sort((a, b) => (a.nominal < b.nominal ? -1 : 1));
  }

  /** The ledger in short: `09:00 started`. */
  story(schedule: Pick<Schedule, 'id'>): string[] {
    return this.ledger(schedule).map(({ nominal, outcome, reason }) =>
      [nominal.slice(5, 16).replace('T', ' '), outcome, ...(reason === undefined ? [] : [reason])].join(' '),
    );
  }

  end(fire: LedgerFire | undefined, status: RunStatus): void {
    const run = this.runs.get(fire?.runId ?? '');
    if (!run) throw new Error('There is no such run.');
    this.runs.set(run.id, { ...run, status });
  }
}

export class Crash extends Error {}

const lineKey = (id: string, nominal: string, trigger = '') => `${id} ${nominal} ${trigger}`;

class MemorySchedules implements Schedules {
  readonly rows = new Map<string, Schedule>();
  readonly lines = new Map<string, LedgerFire>();
  effect: (name: string) => void = () => {};
  /** Called before a schedule is replaced: somebody else may be faster. */
  before: (() => Promise<void>) | undefined;

  async create(row: Schedule) {
    this.rows.set(row.id, row);
  }
  async get(id: string) {
    return this.rows.get(id);
  }
  async replace(seen: Schedule, next: Schedule) {
    this.effect('schedule');
    const { before } = this;
    this.before = undefined;
    await before?.();
    if (this.rows.get(seen.id)?.revision !== seen.revision) throw new ScheduleMoved(seen.id);
    this.rows.set(seen.id, { ...next, revision: seen.revision + 1 });
  }
  async list() {
    return { items: [...this.rows.values()], next: undefined };
  }
  async due(now: string, limit: number) {
    return [...this.rows.values()]
      .filter(({ dueAt }) => dueAt !== undefined && dueAt <= now)
      .slice(0, limit)
      .map(({ id }) => id);
  }
  async claim(fire: LedgerFire) {
    this.effect('claim');
    const key = lineKey(fire.scheduleId, fire.nominal, fire.trigger);
    const known = this.lines.get(key);
    if (!known) this.lines.set(key, fire);
    return known ?? fire;
  }
  async amend(seen: LedgerFire, next: LedgerFire) {
    this.effect('amend');
    const key = lineKey(seen.scheduleId, seen.nominal, seen.trigger);
    const stands = this.lines.get(key);
    if (stands && (stands.outcome !== seen.outcome || stands.attempt !== seen.attempt)) return stands;
    this.lines.set(key, next);
    return next;
  }
  async fire(id: string, nominal: string, trigger?: string) {
    return this.lines.get(lineKey(id, nominal, trigger));
  }
  async fires() {
    return { items: [], next: undefined };
  }
}
