import type { Timekeeper } from './ports.ts';
import { tick } from './tick.ts';
import { dueFires } from './when.ts';

export interface Reconciled {
  seen: number;
  /** Schedules that could not be dealt with now; the next look tries again. */
  failed: { id: string; error: unknown }[];
}

const BATCH = 200;
const AT_ONCE = 10;

/** Finds schedules whose expected fires did not happen, or that have fires waiting, and brings them up to date. */
export async function reconcile(services: Timekeeper): Promise<Reconciled> {
  const due = await services.schedules.due(services.now().toISOString(), BATCH);
  const failed: Reconciled['failed'] = [];
  const waiting = [...due];
  const work = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      await look(services, id).catch((error: unknown) => failed.push({ id: String(id), error }));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { seen: due.length, failed };
}

async function look(services: Timekeeper, id: string): Promise<void> {
  const seen = await services.schedules.get(id);
  if (!seen) return;
  const { due, older } = dueFires(seen, services.now().getTime());
  const count = due.length + (older?.count ?? 0);
  if (count > 0) services.fireWatcher.overdue(id, count);
  await tick(services, id);
}
