import { Slots } from '../../kernel/slots.ts';
import type { ScheduleServices } from './ports.ts';
import { tick } from './tick.ts';
import { dueFires } from './when.ts';

export interface Reconciled {
  seen: number;
  /** Schedules that could not be dealt with now; the next look tries again. */
  failed: { id: string; error: unknown }[];
}

const BATCH = 200;
const AT_ONCE = 10;

/** No further batch is begun after this: the next look comes in a minute. */
const LONGEST_MS = 30_000;

/** Finds schedules whose expected fires did not happen, or that have fires waiting, and brings them up to date: batch by batch, each once. */
export async function reconcile(services: ScheduleServices): Promise<Reconciled> {
  const begun = services.now();
  const seen = new Set<string>();
  const failed: Reconciled['failed'] = [];
  const slots = new Slots(AT_ONCE);
  while (services.now().getTime() - begun.getTime() < LONGEST_MS) {
    const due = await services.schedules.due(begun.toISOString(), BATCH);
    const waiting = due.filter((id) => !seen.has(id));
    if (waiting.length === 0) break;
    for (const id of waiting) seen.add(id);
    const deal = (id: string) => look(services, id).catch((error: unknown) => failed.push({ id, error }));
    await Promise.all(waiting.map((id) => slots.run(() => deal(id))));
  }
  return { seen: seen.size, failed };
}

async function look(services: ScheduleServices, id: string): Promise<void> {
  const seen = await services.schedules.get(id);
  if (!seen) return;
  const { due, older } = dueFires(seen, services.now().getTime());
  const count = due.length + (older?.count ?? 0);
  if (count > 0) services.fireWatcher.overdue(id, count);
  await tick(services, id);
}
