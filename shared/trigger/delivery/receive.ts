import { ulid } from 'ulid';
import { Problem } from '../../kernel/problem.ts';
import type { Started } from '../../run/start/start-run.ts';
import type { Deliveries, Delivery } from './delivery.ts';

/** A delivery before it is known what becomes of it. One that may come again names its own id. */
export type Incoming = Omit<Delivery, 'id' | 'at' | 'outcome' | 'reason' | 'runId' | 'redeliveries'> & { id?: string };

export interface DeliveryServices {
  deliveries: Deliveries;
  now: () => Date;
}

/**
 * Accepts a delivery or turns it away, and writes down which. `start` throws a `Problem` for what is to be turned away; faults of ours go through, so that the
 * service that delivered it does so again.
 */
export async function receive(services: DeliveryServices, incoming: Incoming, start: () => Promise<Started>): Promise<Delivery> {
  const now = services.now();
  const delivery: Delivery = {
    id: ulid(now.getTime()),
    ...incoming,
    at: now.toISOString(),
    redeliveries: 0,
    ...(await outcomeOf(start)),
  };
  await services.deliveries.put(delivery);
  return delivery;
}

/** Gives a delivery that was rejected another chance. */
export async function receiveAgain(services: DeliveryServices, seen: Delivery, start: () => Promise<Started>): Promise<Delivery> {
  if (seen.outcome !== 'rejected')
    throw new Problem('conflict', `Delivery ${seen.id} was not rejected: it is ${seen.outcome}.`, [
      { name: 'outcome', value: seen.outcome },
    ]);
  const { reason: _, ...rest } = seen;
  const delivery: Delivery = { ...rest, redeliveries: seen.redeliveries + 1, ...(await outcomeOf(start)) };
  await services.deliveries.put(delivery);
  return delivery;
}

async function outcomeOf(start: () => Promise<Started>): Promise<Pick<Delivery, 'outcome' | 'reason' | 'runId'>> {
  try {
    const { run, isRepeat } = await start();
    if (isRepeat) return { outcome: 'duplicate', runId: run.id };
    if (run.status === 'skipped')
      return { outcome: 'skipped', runId: run.id, ...(run.reason !== undefined && { reason: run.reason }) };
    return { outcome: 'accepted', runId: run.id };
  } catch (error) {
    if (error instanceof Problem) return { outcome: 'rejected', reason: error.message.slice(0, 1000) };
    throw error;
  }
}
