import type { PageOf } from '../../../shared/kernel/page.ts';
import type { ScheduleOwner, Schedules } from '../../../shared/trigger/schedule/ports.ts';
import type { FireOutcome, LedgerFire, Schedule } from '../../../shared/trigger/schedule/schedule.ts';

const lineKey = (id: string, nominal: string, trigger = '') => `${id} ${nominal} ${trigger}`;

/** A page of what is listed already; its token is the last key. */
function pageOf<T>(all: T[], keyOf: (one: T) => string, { limit, token }: PageOf) {
  const rest = token === undefined ? all : all.slice(all.findIndex((one) => keyOf(one) === token) + 1);
  const items = rest.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rest.length > limit && last ? keyOf(last) : undefined };
}

/** Schedules and their ledger in memory. */
export class MemorySchedules implements Schedules {
  readonly rows = new Map<string, Schedule>();
  readonly lines = new Map<string, LedgerFire>();

  async create(row: Schedule) {
    this.rows.set(row.id, row);
  }

  async get(id: string) {
    return this.rows.get(id);
  }

  async replace(seen: Schedule, next: Schedule) {
    if (this.rows.get(seen.id)?.revision !== seen.revision) return false;
    this.rows.set(seen.id, { ...next, revision: seen.revision + 1 });
    return true;
  }

  async list({ workspace, project, workflowId }: ScheduleOwner, page: PageOf) {
    const all = [...this.rows.values()]
      .filter((row) => row.workspace === workspace && row.deletedAt === undefined)
      .filter((row) => (project ?? row.project) === row.project && (workflowId ?? row.workflowId) === row.workflowId)
      .sort((a, b) => (a.id < b.id ? 1 : -1));
    return pageOf(all, ({ id }) => id, page);
  }

  async due(now: string, limit: number) {
    return [...this.rows.values()]
      .filter(({ dueAt, deletedAt }) => dueAt !== undefined && deletedAt === undefined && dueAt <= now)
      .slice(0, limit)
      .map(({ id }) => id);
  }

  async claim(fire: LedgerFire) {
    const key = lineKey(fire.scheduleId, fire.nominal, fire.trigger);
    const known = this.lines.get(key);
    if (!known) this.lines.set(key, fire);
    return known ?? fire;
  }

  async amend(seen: LedgerFire, next: LedgerFire) {
    const key = lineKey(seen.scheduleId, seen.nominal, seen.trigger);
    const stands = this.lines.get(key);
    if (stands && (stands.outcome !== seen.outcome || stands.attempt !== seen.attempt)) return stands;
    this.lines.set(key, next);
    return next;
  }

  async fire(id: string, nominal: string, trigger?: string) {
    return this.lines.get(lineKey(id, nominal, trigger));
  }

  async fires(id: string, { outcome }: { outcome?: FireOutcome | undefined }, page: PageOf) {
    const keyOf = ({ nominal, trigger = '' }: LedgerFire) => `${nominal}#${trigger}`;
    const all = [...this.lines.values()]
      .filter((fire) => fire.scheduleId === id && (outcome === undefined || fire.outcome === outcome))
      .sort((a, b) => (keyOf(a) < keyOf(b) ? 1 : -1));
    return pageOf(all, keyOf, page);
  }
}
