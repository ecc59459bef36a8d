import * as z from 'zod';
import { DOORS, OUTCOMES } from '../../trigger/receipt.ts';
import { receiptEntries, receiptEntry } from '../receipt-resources.ts';
import { listQuery, resourceId } from '../resources.ts';
import { operation } from '../route.ts';

const at = { tag: 'receipts', entry: 'http/receipts' } as const;
const params = z.object({ receipt_id: resourceId });

export const receipts = {
  listReceipts: operation({
    ...at,
    method: 'GET',
    path: '/v1/receipts',
    summary: 'What knocked at a door, newest first',
    query: z.strictObject({
      workflow_id: resourceId.optional(),
      project_id: resourceId.optional(),
      door: z.enum(DOORS).optional(),
      outcome: z.enum(OUTCOMES).optional(),
      ...listQuery(25),
    }),
    responses: { 200: receiptEntries },
  }),
  getReceipt: operation({
    ...at,
    method: 'GET',
    path: '/v1/receipts/{receipt_id}',
    summary: 'One receipt',
    params,
    responses: { 200: receiptEntry },
  }),
  replayReceipt: operation({
    ...at,
    method: 'POST',
    path: '/v1/receipts/{receipt_id}/replay',
    summary: 'Give a rejected receipt another chance',
    role: 'operator',
    params,
    responses: { 200: receiptEntry },
  }),
};
