import type { Entry, EntryOf } from '../../../shared/run/model/entry.ts';
import { projectionOf } from '../../../shared/run/model/project.ts';
import type { Run } from '../../../shared/run/model/run.ts';
import { stateOf } from '../../../shared/run/model/state.ts';
import type { Beginnings, StartKey } from '../../../shared/run/ports.ts';
import type { SubscribedEvent } from '../../../shared/subscription/subscription.ts';
import type { Delivery } from '../../../shared/trigger/delivery/delivery.ts';
import type { FireWatcher, ScheduleServices } from '../../../shared/trigger/schedule/ports.ts';
import { reconcile } from '../../../shared/trigger/schedule/reconcile.ts';
import { createSchedule } from '../../../shared/trigger/schedule/save-schedule.ts';
import type { LedgerFire, Schedule, ScheduleWishes } from '../../../shared/trigger/schedule/schedule.ts';
import { tick } from '../../../shared/trigger/schedule/tick.ts';
import type { Workflow } from '../../../shared/workflow/workflow.ts';
import { anActor, aPlan } from '../../harness/builders.ts';
import { MemoryRuns, MemoryValues } from '../../run/memory-runs.ts';
import { MemorySchedules } from './memory-schedules.ts';

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
export class ScheduleSetting {
  now: number;
  readonly schedules = new FaultySchedules();
  readonly runs = new CountedRuns();
  readonly deliveries: Delivery[] = [];
  readonly alarms = new Map<string, number>();
  readonly seen = { overdue: 0, missed: 0, turnedOff: [] as string[], alarmsLost: 0 };
  /** What a run is from its start on. */
  becomes: 'running' | RunEnd = 'succeeded';
  workflow: Workflow = {
    id: '01WORKFLOW',
    workspace: 'acme',
    project: 'ops',
    name: 'orders',
    enabled: true,
    draft: { definition: 'abc', savedAt: '2026-01-01T00:00:00.000Z', savedBy: anActor('ann') },
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
    this.runs.effect = (name) => this.effect(name);
  }

  effect(name: string): void {
    if (this.crashes[0] !== name) return;
    this.crashes.shift();
    throw new Crash(name);
  }

  /** What subscribers were told. */
  readonly told: SubscribedEvent[] = [];

  readonly watcher: FireWatcher = {
    overdue: (_, count) => {
      this.seen.overdue += count;
    },
    missed: (_, count) => {
      this.seen.missed += count;
    },
    turnedOff: (_, reason) => void this.seen.turnedOff.push(reason),
    timerLost: () => {
      this.seen.alarmsLost += 1;
    },
  };

  get services(): ScheduleServices {
    const setting = this;
    return {
      schedules: this.schedules,
      fireWatcher: this.watcher,
      subscribers: { tell: async (events: readonly SubscribedEvent[]) => void setting.told.push(...events) },
      now: () => new Date(this.now),
      fireTimer: {
        async set(id: string, at: Date) {
          setting.effect('alarm');
          setting.alarms.set(id, at.getTime());
        },
        async clear(id: string) {
          setting.alarms.delete(id);
        },
      },
      deliveries: {
        async put(delivery: Delivery) {
          setting.effect('delivery');
          setting.deliveries.push(delivery);
        },
      },
      runs: this.runs,
      values: new MemoryValues(),
      executions: { start: (_kind: string, _name: string, { run }: { run: string }) => this.#begin(run) },
      workflows: {
        get: async () => this.workflow,
        definition: async () => ({ hash: 'abc', source: '', pins: {} }),
        retention: async () => undefined,
        maintenance: async () => undefined,
        budgets: async () => [],
      },
      definitions: { planOf: async () => this.plan },
      watcher: { startLost() {}, placeLost() {}, driverLost() {} },
      retentionDays: 90,
      random: () => 0.5,
    } as unknown as ScheduleServices;
  }

  create(of: Partial<ScheduleWishes> = {}): Promise<Schedule> {
    return createSchedule(this.services, this.workflow, { ...wishes, ...of }, anActor('ann'));
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

  /** How the runs of these fires stand. */
  statuses(fires: LedgerFire[]) {
    return Promise.all(fires.map(async ({ runId }) => (await this.#run(runId)).status));
  }

  async end(fire: LedgerFire | undefined, status: RunEnd): Promise<void> {
    await this.#append(await this.#run(fire?.runId), { type: 'run_ended', at: this.#at(), status });
  }

  async #begin(runId: string): Promise<void> {
    const [run, at] = [await this.#run(runId), this.#at()];
    const began: Entry[] = [
      { type: 'driver_started', at, execution: 1, id: 'one', invocation: 'one' },
      { type: 'run_started', at },
    ];
    if (this.becomes === 'running') return this.#append(run, ...began);
    return this.#append(run, ...began, { type: 'run_ended', at, status: this.becomes });
  }

  async #append(run: Run, ...entries: Entry[]): Promise<void> {
    await this.runs.append(run.id, run.seen, entries, 0, 'writer');
    const state = stateOf(this.plan, await this.runs.entriesAfter(run.id, 0));
    await this.runs.project(run, projectionOf(run, state), {});
  }

  async #run(id: string | undefined): Promise<Run> {
    const run = await this.runs.get(id ?? '');
    if (!run) throw new Error('There is no such run.');
    return run;
  }

  #at(): string {
    return new Date(this.now).toISOString();
  }
}

type RunEnd = EntryOf<'run_ended'>['status'];

class CountedRuns extends MemoryRuns {
  readonly ids: string[] = [];
  effect: (name: string) => void = () => {};

  override async create(run: Run, key?: StartKey, beginnings?: Beginnings) {
    this.effect('run');
    const made = await super.create(run, key, beginnings);
    if (!made.earlier) this.ids.push(run.id);
    return made;
  }
}

export class Crash extends Error {}

/** Schedules in memory that crash, or are written by somebody else, when a test says so. */
class FaultySchedules extends MemorySchedules {
  effect: (name: string) => void = () => {};
  /** Called before a schedule is replaced: somebody else may be faster. */
  before: (() => Promise<void>) | undefined;

  override async replace(seen: Schedule, next: Schedule) {
    this.effect('schedule');
    const { before } = this;
    this.before = undefined;
    await before?.();
    return super.replace(seen, next);
  }

  override claim(fire: LedgerFire) {
    this.effect('claim');
    return super.claim(fire);
  }

  override amend(seen: LedgerFire, next: LedgerFire) {
    this.effect('amend');
    return super.amend(seen, next);
  }
}
