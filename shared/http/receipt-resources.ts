import * as z from 'zod';
import { DOORS, OUTCOMES, type Receipt } from '../trigger/receipt.ts';
import { resourceId } from './resources.ts';

export const receiptEntry = z
  .object({
    id: resourceId,
    at: z.iso.datetime(),
    door: z.enum(DOORS),
    door_id: z.string().meta({ description: 'The mailbox, schedule or webhook' }),
    workflow_id: z.string().nullable(),
    project_id: z.string().nullable(),
    source: z.string(),
    key: z.string().meta({ description: 'What makes it the same knock again' }),
    outcome: z.enum(OUTCOMES),
    reason: z.string().nullable(),
    run_id: z.string().nullable(),
    size: z.int().meta({ description: 'Bytes' }),
    payload: z.string().nullable().meta({ description: 'Object in the bucket that holds the raw payload' }),
    replays: z.int(),
  })
  .meta({ id: 'Receipt' });

export const receiptEntries = z
  .object({ items: z.array(receiptEntry), continuation_token: z.string().nullable() })
  .meta({ id: 'ReceiptList' });

export const receiptView = (receipt: Receipt): z.input<typeof receiptEntry> => ({
  id: receipt.id,
  at: receipt.at,
  door: receipt.door,
  door_id: receipt.doorId,
  workflow_id: receipt.workflowId ?? null,
  project_id: receipt.project ?? null,
  source: receipt.source,
  key: receipt.key,
  outcome: receipt.outcome,
  reason: receipt.reason ?? null,
  run_id: receipt.runId ?? null,
  size: receipt.bytes,
  payload: receipt.payload ?? null,
  replays: receipt.replays,
});
