import { notFound, Problem } from '../../kernel/problem.ts';
import type { Delivery, DeliveryTrigger } from './delivery.ts';
import type { Payloads } from './payloads.ts';
import { type DeliveryServices, receiveAgain, type Treated } from './receive.ts';

/** How a trigger starts again what it turned away, from the raw payload if it kept one. Throws a `Problem` for what is to be turned away once more. */
export type Redeliver = (delivery: Delivery, raw: Buffer | undefined) => Promise<Treated>;

export interface RedeliveryServices extends DeliveryServices {
  payloads: Payloads;
  redeliveries: Partial<Record<DeliveryTrigger, Redeliver>>;
}

/** Gives a rejected delivery another chance at its own trigger. */
export async function redeliver(services: RedeliveryServices, seen: Delivery, triedBy?: string): Promise<Delivery> {
  const start = services.redeliveries[seen.trigger];
  if (!start) throw new Problem('conflict', `What comes by ${seen.trigger} cannot be redelivered.`);
  const raw = seen.payload === undefined ? undefined : await services.payloads.get(seen.payload);
  if (seen.payload !== undefined && !raw) throw notFound('payload of delivery', seen.id);
  return receiveAgain(services, seen, (before) => start(before, raw), triedBy);
}
