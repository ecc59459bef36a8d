import { actingNow } from '../kernel/acting.ts';
import { type Audit, type Changed, recordOf } from './audit.ts';

/** Records what is about to be done, where that leaves no row with which it could be written. */
export async function recordFirst(audit: Audit, object: Changed, now: Date): Promise<void> {
  const acting = actingNow();
  const record = acting?.act && recordOf({ ...acting, act: acting.act }, object, now);
  if (record) await audit.add(record);
}
