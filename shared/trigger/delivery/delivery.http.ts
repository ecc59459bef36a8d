import * as z from 'zod';
import { page, resourceId, words } from '../../edge/schema.ts';
import { viewOf } from '../../edge/snake-case.ts';
import { DELIVERY_TRIGGERS, type Delivery, type DeliveryFilter, OUTCOMES } from './delivery.ts';

export const deliveryEntry = z
  .object({
    id: resourceId,
    at: z.iso.datetime(),
    trigger: z.enum(DELIVERY_TRIGGERS),
    trigger_id: z.string().meta({ description: 'The mailbox, schedule, webhook, queue or event rule' }),
    workflow_id: z.string().nullable(),
    project_id: z.string().nullable(),
    source: z.string(),
    key: z.string().meta({ description: 'What makes it the same delivery again' }),
    outcome: z.enum(OUTCOMES),
    reason: z.string().nullable(),
    run_id: z.string().nullable(),
    size: z.int().meta({ description: 'Bytes' }),
    payload: z.string().nullable().meta({ description: 'Object in the bucket that holds the raw payload' }),
    redeliveries: z.int(),
  })
  .meta({ id: 'Delivery' });

export const deliveryEntries = page(deliveryEntry)
  .extend({
    searched_to: z.iso.datetime().nullable().meta({ description: 'The time down to which it has looked, when there is more' }),
  })
  .meta({ id: 'DeliveryList' });

const instant = z.iso.datetime({ offset: true });

/** What a list of deliveries, and a job over them, may be narrowed by. */
export const deliveryFilter = {
  workflow_id: resourceId.optional(),
  project_id: resourceId.optional(),
  trigger: z.enum(DELIVERY_TRIGGERS).optional(),
  trigger_id: resourceId.optional().meta({ description: 'The mailbox, schedule, webhook, queue or event rule' }),
  outcome: z.enum(OUTCOMES).optional(),
  reason: words(200).optional().meta({ description: 'Words of the reason' }),
  from: instant.optional().meta({ description: 'Arrived then or later' }),
  to: instant.optional(),
  q: words(200).optional().meta({ description: 'Of that id or run, or with it in its source, key or reason' }),
};
const deliveryFields = z.strictObject(deliveryFilter);

/** The filter behind a query, of the deliveries that the caller may see. */
export function deliveryFilterOf(
  { workflow_id: workflowId, project_id: _, trigger_id: triggerId, ...same }: z.output<typeof deliveryFields>,
  within: Pick<DeliveryFilter, 'workspace' | 'project'>,
): DeliveryFilter {
  return { ...within, ...same, workflowId, triggerId };
}

export const deliveryView = (delivery: Delivery) =>
  viewOf(deliveryEntry, { ...delivery, projectId: delivery.project, size: delivery.bytes });
