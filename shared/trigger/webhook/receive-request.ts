import { createHash } from 'node:crypto';
import { newId } from '../../kernel/id.ts';
import { Problem } from '../../kernel/problem.ts';
import type { StartServices } from '../../run/start/start-request.ts';
import { type Started, startRun } from '../../run/start/start-run.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Payloads } from '../delivery/payloads.ts';
import { type DeliveryServices, receive } from '../delivery/receive.ts';
import { inputsOf } from './mapping.ts';
import type { WebhookRequest } from './scheme.ts';
import { schemeOf } from './schemes.ts';
import { secretsOf } from './secrets.ts';
import { writeRequest } from './stored-request.ts';
import type { Seals, Webhook } from './webhook.ts';

export interface WebhookServices extends StartServices {
  seals: Seals;
}

/** With what surrounds it in its call, a larger one would not fit through Lambda. */
const LIMIT_BYTES = 4 * 1024 * 1024;

/** Lets a request in or turns it away. Either way there is a delivery; `refusal` is what the sender is to hear. */
export async function receiveRequest(
  services: WebhookServices & DeliveryServices & { payloads: Payloads },
  webhook: Webhook,
  request: WebhookRequest,
  source: string,
): Promise<{ delivery: Delivery; refusal: Problem | undefined }> {
  const at = services.now();
  const id = newId(at.getTime());
  const fits = request.body.length <= LIMIT_BYTES;
  const payload = fits ? `deliveries/${id}.json` : undefined;
  let refusal: Problem | undefined;

  const start = async (): Promise<Started> => {
    const starting = fits ? startFrom(services, webhook, request, at) : Promise.reject(tooLarge(request));
    starting.catch((error: unknown) => {
      if (error instanceof Problem) refusal = error;
    });
    // The delivery must not point to what is not there.
    if (payload !== undefined) await services.payloads.put(payload, writeRequest(webhook, request), 'application/json');
    return starting;
  };
  const { workspace, project, workflowId } = webhook;
  const incoming = {
    id,
    workspace,
    project,
    workflowId,
    trigger: 'webhook' as const,
    triggerId: webhook.id,
    source,
    key: keyOf(webhook, request),
    bytes: request.body.length,
    ...(payload !== undefined && { payload }),
  };
  return { delivery: await receive(services, incoming, start), refusal };
}

/** Verifies, maps and starts. `at` is when it arrived, which need not be now. */
export async function startFrom(
  services: WebhookServices,
  webhook: Webhook,
  request: WebhookRequest,
  at: Date,
): Promise<Started> {
  schemeOf(webhook).verify(request, await secretsOf(services.seals, webhook, at), at, webhook.signature);
  if (!webhook.enabled) throw new Problem('conflict', `The webhook "${webhook.name}" is turned off.`);
  return startRun(services, {
    workspace: webhook.workspace,
    project: webhook.project,
    workflowId: webhook.workflowId,
    stage: 'Published',
    inputs: await inputsOf(webhook, request),
    fileIds: [],
    trigger: 'webhook',
    triggerId: webhook.id,
    actor: { kind: 'trigger', id: webhook.id, name: webhook.name },
    useStartDefaults: true,
    key: { trigger: 'webhook', value: `${webhook.id}\n${keyOf(webhook, request)}`, asked: hashOf(request.body) },
  });
}

const hashOf = (body: Buffer) => createHash('sha256').update(body).digest('hex');

/** What makes it the same request again: the sender's name for it, else what it says. */
function keyOf(webhook: Webhook, request: WebhookRequest): string {
  const named = webhook.deliveryHeader === undefined ? undefined : request.headers[webhook.deliveryHeader];
  const id = (named ?? schemeOf(webhook).deliveryId(request))?.replace(/[^\u0020-\u007e]/g, '?');
  return id ? id.slice(0, 200) : `sha256:${hashOf(request.body)}`;
}

const tooLarge = ({ body }: WebhookRequest) =>
  new Problem('too-large', `The body has ${body.length} bytes; the limit is ${LIMIT_BYTES}.`);
