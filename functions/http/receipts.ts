import type { Caller } from '../../shared/access/role.ts';
import { dynamo, s3 } from '../../shared/aws/clients.ts';
import { DynamoReceipts } from '../../shared/aws/dynamo-receipts.ts';
import { BucketPayloads } from '../../shared/aws/payloads.ts';
import { replays } from '../../shared/aws/replays.ts';
import { env } from '../../shared/env.ts';
import { ok } from '../../shared/http/answer.ts';
import { http, type RequestOf } from '../../shared/http/edge.ts';
import { receiptView } from '../../shared/http/receipt-resources.ts';
import { pageView } from '../../shared/http/views.ts';
import { notFound, Problem } from '../../shared/problem.ts';
import type { Receipt, Receipts } from '../../shared/trigger/receipt.ts';
import { type Replayer, replayReceipt as replay } from '../../shared/trigger/replay.ts';

export async function listReceipts({ query, caller }: RequestOf<'listReceipts'>, { receipts }: Replayer) {
  const project = query.project_id ?? caller.project;
  if (caller.project !== undefined && project !== caller.project)
    throw new Problem('forbidden', `The key "${caller.name}" belongs to project "${caller.project}".`);
  const { workflow_id: workflowId, door, outcome, limit, continuation_token: token } = query;
  const filter = { workspace: caller.workspace, project, workflowId, door, outcome };
  return ok(pageView(await receipts.list(filter, { limit, token }), receiptView));
}

export async function getReceipt({ params, caller }: RequestOf<'getReceipt'>, { receipts }: Replayer) {
  return ok(receiptView(await receiptOf(receipts, caller, params.receipt_id)));
}

export async function replayReceipt({ params, caller }: RequestOf<'replayReceipt'>, services: Replayer) {
  return ok(receiptView(await replay(services, await receiptOf(services.receipts, caller, params.receipt_id))));
}

async function receiptOf(receipts: Receipts, caller: Caller, id: string): Promise<Receipt> {
  const receipt = await receipts.get(id);
  const mine = receipt?.workspace === caller.workspace && (caller.project === undefined || caller.project === receipt.project);
  if (!receipt || !mine) throw notFound('receipt', id);
  return receipt;
}

export const handler = http({ listReceipts, getReceipt, replayReceipt }, () => ({
  receipts: new DynamoReceipts(dynamo, { table: env.doorsTable(), retentionDays: env.retentionDays() }),
  payloads: new BucketPayloads(s3, env.valuesBucket()),
  replays: replays(),
  now: () => new Date(),
}));
