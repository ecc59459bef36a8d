import { createHash } from 'node:crypto';
import { newId } from '../../id.ts';
import { Problem } from '../../problem.ts';
import { type Started, type Starter, startRun } from '../../run/start/start-run.ts';
import type { Payloads } from '../payload.ts';
import type { Receipt } from '../receipt.ts';
import { type Receiver, receive } from '../receive.ts';
import { inputsOf } from './mapping.ts';
import type { Delivery } from './scheme.ts';
import { schemeOf } from './schemes.ts';
import { secretsOf } from './secrets.ts';
import { writeDelivery } from './stored-delivery.ts';
import type { Seals, Webhook } from './webhook.ts';

export interface WebhookDoor extends Receiver {
  starter: Starter;
  payloads: Payloads;
  seals: Seals;
}

/** With what surrounds it in its call, a larger one would not fit through Lambda. */
const LIMIT_BYTES = 4 * 1024 * 1024;

/** Lets a delivery in or turns it away. Either way there is a receipt; `refusal` is what the sender is to hear. */
export async function receiveDelivery(
  services: WebhookDoor,
  webhook: Webhook,
  delivery: Delivery,
  source: string,
): Promise<{ receipt: Receipt; refusal: Problem | undefined }> {
  const at = services.now();
  const id = newId(at.getTime());
  const fits = delivery.body.length <= LIMIT_BYTES;
  const payload = fits ? `knocks/${id}.json` : undefined;
  let refusal: Problem | undefined;

  const start = async (): Promise<Started> => {
    const starting = fits ? startFrom(services, webhook, delivery, at) : Promise.reject(tooLarge(delivery));
    starting.catch((error: unknown) => {
      if (error instanceof Problem) refusal = error;
    });
    // The receipt must not point to what is not there.
    if (payload !== undefined) await services.payloads.put(payload, writeDelivery(webhook, delivery), 'application/json');
    return starting;
  };
  const { workspace, project, workflowId } = webhook;
  const knock = {
    id,
    workspace,
    project,
    workflowId,
    door: 'webhook' as const,
    doorId: webhook.id,
    source,
    key: keyOf(webhook, delivery),
    bytes: delivery.body.length,
    ...(payload !== undefined && { payload }),
  };
  return { receipt: await receive(services, knock, start), refusal };
}

/** Verifies, maps and starts. `at` is when it arrived, which need not be now. */
export async function startFrom(
  { starter, seals }: Pick<WebhookDoor, 'starter' | 'seals'>,
  webhook: Webhook,
  delivery: Delivery,
  at: Date,
): Promise<Started> {
  schemeOf(webhook).verify(delivery, await secretsOf(seals, webhook, at), at, webhook.signature);
  if (!webhook.enabled) throw new Problem('conflict', `The webhook "${webhook.name}" is turned off.`);
  return startRun(starter, {
    workspace: webhook.workspace,
    project: webhook.project,
    workflowId: webhook.workflowId,
    stage: 'Published',
    inputs: await inputsOf(webhook, delivery),
    fileIds: [],
    trigger: 'webhook',
    startedBy: `webhook ${webhook.name}`,
    useStartDefaults: true,
    key: { trigger: 'webhook', value: `${webhook.id}\n${keyOf(webhook, delivery)}`, asked: hashOf(delivery.body) },
  });
}

const hashOf = (body: Buffer) => createHash('sha256').update(body).digest('hex');

/** What makes it the same delivery again: the sender's name for it, else what it says. */
function keyOf(webhook: Webhook, delivery: Delivery): string {
  const named = webhook.deliveryHeader === undefined ? undefined : delivery.headers[webhook.deliveryHeader];
  const id = (named ?? schemeOf(webhook).deliveryId(delivery))?.replace(/[^\u0020-\u007e]/g, '?');
  return id ? id.slice(0, 200) : `sha256:${hashOf(delivery.body)}`;
}

const tooLarge = ({ body }: Delivery) =>
  new Problem('too-large', `The body has ${body.length} bytes; the limit is ${LIMIT_BYTES}.`);
