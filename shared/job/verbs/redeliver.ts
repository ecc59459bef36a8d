import * as z from 'zod';
import { Problem } from '../../kernel/problem.ts';
import type { Delivery } from '../../trigger/delivery/delivery.ts';
import { redeliver } from '../../trigger/delivery/redeliver.ts';
import type { Job } from '../job.ts';
import { verb } from '../verb.ts';

/** Whoever is interrupted and comes again tries what was tried already: neither the run nor the count comes twice. */
const by = ({ id }: Job) => `job ${id}`;

export const redelivery = verb({
  role: 'operator',
  word: 'delivery.redeliver',
  params: z.object({}),
  find: ({ deliveries }, id) => deliveries.get(id),
  exclusion: (_, { outcome }: Delivery) => (outcome === 'rejected' ? undefined : `It was not rejected: it is ${outcome}.`),
  async act(services, delivery, _, job) {
    const { outcome, reason, runId } = await redeliver(services, delivery, by(job));
    if (outcome === 'rejected') throw new Problem('conflict', reason ?? 'It was rejected once more.');
    return { runId };
  },
  done: (delivery, _, job) =>
    delivery?.triedBy === by(job) && delivery.outcome !== 'rejected' ? { runId: delivery.runId } : undefined,
});
