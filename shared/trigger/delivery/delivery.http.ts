import * as z from 'zod';
import { page, resourceId } from '../../edge/schema.ts';
import { viewOf } from '../../edge/snake-case.ts';
import { DELIVERY_TRIGGERS, type Delivery, OUTCOMES } from './delivery.ts';

export const deliveryEntry = z
  .object({
    id: resourceId,
    at: z.iso.datetime(),
    trigger: z.enum(DELIVERY_TRIGGERS),
    trigger_id: z.string().meta({ description: 'The mailbox, schedule or webhook' }),
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

export const deliveryEntries = page(deliveryEntry).meta({ id: 'DeliveryList' });

export const deliveryView = (delivery: Delivery) =>
  viewOf(deliveryEntry, { ...delivery, projectId: delivery.project, size: delivery.bytes });
