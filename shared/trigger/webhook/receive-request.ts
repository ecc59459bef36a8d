import { createHash } from 'node:crypto';
import { secondsOf } from '../../expression/duration.ts';
import { newId } from '../../kernel/id.ts';
import { Problem } from '../../kernel/problem.ts';
import type { Seals } from '../../kernel/seals.ts';
import { traceIn } from '../../kernel/trace.ts';
import type { Run } from '../../run/model/run.ts';
import type { StartServices } from '../../run/start/start-request.ts';
import { startRun } from '../../run/start/start-run.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Payloads } from '../delivery/payloads.ts';
import { type DeliveryServices, type Received, receive, type Treated } from '../delivery/receive.ts';
import { inputsOf, meets } from './mapping.ts';
import type { WebhookRequest } from './scheme.ts';
import { schemeOf } from './schemes.ts';
import { secretsOf } from './secrets.ts';
import { writeRequest } from './stored-request.ts';
import type { Arrival, Webhook, Webhooks } from './webhook.ts';

export interface WebhookServices extends StartServices {
  seals: Seals;
  webhooks: Pick<Webhooks, 'firstWithBody'>;
}

/** With what surrounds it in its call, a larger one would not fit through Lambda. */
const LIMIT_BYTES = 4 * 1024 * 1024;

/** Lets a request in or turns it away. Either way there is a delivery, and `refusal` is what the sender is to hear. */
export async function receiveRequest(
  services: WebhookServices & DeliveryServices & { payloads: Payloads },
  webhook: Webhook,
  request: WebhookRequest,
  source: string,
): Promise<Received> {
  const at = services.now();
  const arrival = { id: newId(at.getTime()), at: at.toISOString() };
  const fits = request.body.length <= LIMIT_BYTES;
  const payload = fits ? `deliveries/${arrival.id}.json` : undefined;
  const checked = fits ? await check(services, webhook, request, at) : tooLarge(request);
  const key = checked instanceof Problem ? nameOf(webhook, request) : await dedupeKey(services, webhook, request, arrival);

  const start = async (): Promise<Treated> => {
    const treating = checked instanceof Problem ? Promise.reject(checked) : startChecked(services, webhook, request, key);
    treating.catch(() => undefined);
    // The delivery must not point to what is not there.
    if (payload !== undefined) await services.payloads.put(payload, writeRequest(webhook, request), 'application/json');
    return treating;
  };
  const { workspace, project, workflowId } = webhook;
  const incoming = {
    id: arrival.id,
    workspace,
    project,
    workflowId,
    trigger: 'webhook' as const,
    triggerId: webhook.id,
    source,
    key,
    bytes: request.body.length,
    ...(payload !== undefined && { payload }),
  };
  return receive(services, incoming, start());
}

/** Starts what was turned away. It is verified with the secrets of now, against the time at which it came. */
export async function startAgain(
  services: WebhookServices,
  webhook: Webhook,
  request: WebhookRequest,
  { id, at, key }: Pick<Delivery, 'id' | 'at' | 'key'>,
): Promise<Treated> {
  const refusal = await check(services, webhook, request, new Date(at));
  if (refusal) throw refusal;
  // What was not let in has only its name so far.
  const isKey = key !== nameOf(webhook, request);
  return startChecked(services, webhook, request, isKey ? key : await dedupeKey(services, webhook, request, { id, at }));
}

/** Why a request is not let in. */
async function check(
  { seals }: WebhookServices,
  webhook: Webhook,
  request: WebhookRequest,
  at: Date,
): Promise<Problem | undefined> {
  const secrets = await secretsOf(seals, webhook, at);
  try {
    schemeOf(webhook).verify(request, secrets, at, webhook.signature);
    return webhook.enabled ? undefined : new Problem('conflict', `The webhook "${webhook.name}" is turned off.`);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}

async function startChecked(services: WebhookServices, webhook: Webhook, request: WebhookRequest, key: string): Promise<Treated> {
  if (!(await meets(webhook, request))) return { skipped: "The webhook's condition was false." };
  const started = await startRun(services, {
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
    trace: traceIn(request.headers),
    key: { trigger: 'webhook', value: `${webhook.id}\n${key}`, asked: hashOf(request.body) },
  });
  if (!started.isRepeat || deliveryName(webhook, request) !== undefined) return started;
  return { ...started, reason: sameBody(started.run, services.now()) };
}

function sameBody({ id, createdAt }: Run, now: Date): string {
  const seconds = Math.max(0, Math.round((now.getTime() - Date.parse(createdAt)) / 1000));
  const [count, unit] = seconds < 60 ? [seconds, 'second'] : [Math.round(seconds / 60), 'minute'];
  return `The same body as run ${id} ${count} ${unit}${count === 1 ? '' : 's'} ago, and nothing that names the delivery. How long that counts is the webhook's dedupe_window.`;
}

const hashOf = (body: Buffer) => createHash('sha256').update(body).digest('hex');

/** The sender's own name for a request, the same when it is sent again. */
function deliveryName(webhook: Webhook, request: WebhookRequest): string | undefined {
  const named = webhook.deliveryHeader === undefined ? undefined : request.headers[webhook.deliveryHeader];
  const name = (named ?? schemeOf(webhook).deliveryId(request))?.replace(/[^\u0020-\u007e]/g, '?').slice(0, 200);
  return name || undefined;
}

/** What a request is called: by its sender, else after what it says. */
const nameOf = (webhook: Webhook, request: WebhookRequest) => deliveryName(webhook, request) ?? `sha256:${hashOf(request.body)}`;

/**
 * What makes it the same request again. Two bodies are the same request while the window lasts that the first of them has opened: a window that each
 * repeat moved on would swallow an event that is honestly true once a minute for ever.
 */
async function dedupeKey(
  { webhooks }: WebhookServices,
  webhook: Webhook,
  request: WebhookRequest,
  arrival: Arrival,
): Promise<string> {
  const name = nameOf(webhook, request);
  if (deliveryName(webhook, request) !== undefined) return name;
  const windowSeconds = secondsOf(webhook.dedupeWindow) ?? 0;
  const first =
    windowSeconds > 0 ? await webhooks.firstWithBody(webhook.id, hashOf(request.body), arrival, windowSeconds) : arrival.id;
  return `${name} ${first}`;
}

const tooLarge = ({ body }: WebhookRequest) =>
  new Problem('too-large', `The body has ${body.length} bytes; the limit is ${LIMIT_BYTES}.`);
