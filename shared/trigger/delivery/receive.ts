import { ulid } from 'ulid';
import { Problem } from '../../kernel/problem.ts';
import type { Started } from '../../run/start/start-run.ts';
import type { Deliveries, Delivery } from './delivery.ts';

/** What a delivery came to: a run, or none because its trigger has a condition that it does not meet. `reason` says why it is a repeat. */
export type Treated = (Started & { reason?: string }) | { skipped: string };

/** A delivery before it is known what becomes of it. One that may come again names its own id. */
export type Incoming = Omit<Delivery, 'id' | 'at' | 'outcome' | 'reason' | 'runId' | 'redeliveries'> & { id?: string };

export interface DeliveryServices {
  deliveries: Deliveries;
  now: () => Date;
}

/** A delivery as it was written down; `refusal` is what whoever sent it should hear. */
export interface Received {
  delivery: Delivery;
  refusal: Problem | undefined;
}

/**
 * Accepts a delivery or turns it away, and writes down which. Its start rejects with a `Problem` for what is to be turned away; faults of ours go through, so
 * that the service that delivered it does so again.
 */
export async function receive(services: DeliveryServices, incoming: Incoming, starting: Promise<Treated>): Promise<Received> {
  const now = services.now();
  const { refusal, ...outcome } = await outcomeOf(starting);
  const delivery: Delivery = {
    id: ulid(now.getTime()),
    ...incoming,
    at: now.toISOString(),
    redeliveries: 0,
    ...outcome,
  };
  await services.deliveries.put(delivery);
  return { delivery, refusal };
}

/** Throws the refusal, with the delivery that can be redelivered once its cause is mended. */
export function throwRefusal({ delivery, refusal }: Received): void {
  if (refusal)
    throw new Problem(refusal.kind, refusal.message, [...refusal.details, { name: 'delivery_id', value: delivery.id }]);
}

/** Gives a delivery that was rejected another chance. `triedBy` may be interrupted and come again: the same try goes on, and counts once. */
export async function receiveAgain(
  services: DeliveryServices,
  seen: Delivery,
  start: (before: Delivery) => Promise<Treated>,
  triedBy?: string,
): Promise<Delivery> {
  if (seen.outcome !== 'rejected')
    throw new Problem('conflict', `Delivery ${seen.id} was not rejected: it is ${seen.outcome}.`, [
      { name: 'outcome', value: seen.outcome },
    ]);
  const isCounted = triedBy !== undefined && seen.triedBy === triedBy;
  const before = isCounted ? { ...seen, redeliveries: seen.redeliveries - 1 } : seen;
  const tried = { ...before, redeliveries: before.redeliveries + 1, triedBy };
  // Written first: whatever comes of it, somebody has asked for it.
  if (!isCounted) await services.deliveries.put(tried, seen);
  const { reason: _, ...rest } = tried;
  const { refusal: __, ...outcome } = await outcomeOf(start(before));
  const delivery: Delivery = { ...rest, ...outcome };
  await services.deliveries.put(delivery);
  return delivery;
}

type Outcome = Pick<Delivery, 'outcome' | 'reason' | 'runId'> & { refusal?: Problem };

async function outcomeOf(starting: Promise<Treated>): Promise<Outcome> {
  try {
    const treated = await starting;
    if ('skipped' in treated) return { outcome: 'skipped', reason: treated.skipped };
    const { run, isRepeat, reason } = treated;
    if (isRepeat) return { outcome: 'duplicate', runId: run.id, ...(reason !== undefined && { reason }) };
    if (run.status === 'skipped')
      return { outcome: 'skipped', runId: run.id, ...(run.reason !== undefined && { reason: run.reason }) };
    return { outcome: 'accepted', runId: run.id };
  } catch (error) {
    if (error instanceof Problem) return { outcome: 'rejected', reason: error.message.slice(0, 1000), refusal: error };
    throw error;
  }
}
