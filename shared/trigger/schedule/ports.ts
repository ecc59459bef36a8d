import type { Page, PageOf } from '../../kernel/page.ts';
import type { StartServices } from '../../run/start/start-request.ts';
import type { Subscribers } from '../../subscription/subscribers.ts';
import type { DeliveryServices } from '../delivery/receive.ts';
import type { FireOutcome, LedgerFire, Schedule } from './schedule.ts';

export interface ScheduleOwner {
  workspace: string;
  project?: string | undefined;
  workflowId?: string | undefined;
}

/** Schedules and their ledger. */
export interface Schedules {
  create(schedule: Schedule): Promise<void>;
  get(id: string): Promise<Schedule | undefined>;
  /** Stores `next`. False when the schedule has changed since `seen` was read. */
  replace(seen: Schedule, next: Schedule): Promise<boolean>;
  /** Of a workspace, a project of it or one workflow, newest first. A page of a project may be short. */
  list(owner: ScheduleOwner, page: PageOf): Promise<Page<Schedule>>;
  /** Schedules whose time to be looked at has come. */
  due(now: string, limit: number): Promise<string[]>;
  /** Writes a new line of the ledger, or answers the one that is there. */
  claim(fire: LedgerFire): Promise<LedgerFire>;
  /** Stores a line unless it has changed since `seen` was read; answers what stands. */
  amend(seen: LedgerFire, next: LedgerFire): Promise<LedgerFire>;
  fire(id: string, nominal: string, trigger?: string): Promise<LedgerFire | undefined>;
  /** The ledger of a schedule, newest first. */
  fires(id: string, filter: { outcome?: FireOutcome | undefined }, page: PageOf): Promise<Page<LedgerFire>>;
}

/** Wakes a schedule at its next time, once. */
export interface FireTimer {
  set(id: string, at: Date): Promise<void>;
  clear(id: string): Promise<void>;
}

/** Hears what goes wrong with fires, for metrics and logs. */
export interface FireWatcher {
  /** Expected fires that had not happened when the reconciler looked. */
  overdue(id: string, count: number): void;
  missed(id: string, count: number): void;
  turnedOff(id: string, reason: string): void;
  /** The reconciler will find the schedule when its time has come. */
  timerLost(id: string, error: unknown): void;
}

/** What schedules work with. */
export type ScheduleServices = StartServices &
  DeliveryServices & {
    schedules: Schedules;
    fireTimer: FireTimer;
    fireWatcher: FireWatcher;
    subscribers: Pick<Subscribers, 'tell'>;
  };
