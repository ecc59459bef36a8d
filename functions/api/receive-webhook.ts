import type { RequestOf } from '../../shared/api/request-of.ts';
import type { Audit } from '../../shared/audit/audit.ts';
import { recordFirst } from '../../shared/audit/record-first.ts';
import { type Answer, accepted, ok } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import { aside } from '../../shared/kernel/acting.ts';
import { notFound, Problem } from '../../shared/kernel/problem.ts';
import { deliveryView } from '../../shared/trigger/delivery/delivery.http.ts';
import type { Payloads } from '../../shared/trigger/delivery/payloads.ts';
import { type DeliveryServices, throwRefusal } from '../../shared/trigger/delivery/receive.ts';
import { webhooks as webhooksOperations } from '../../shared/trigger/webhook/operations.http.ts';
import { receiveRequest, type WebhookServices } from '../../shared/trigger/webhook/receive-request.ts';
import { sampleRequest } from '../../shared/trigger/webhook/sample.ts';
import { schemeOf } from '../../shared/trigger/webhook/schemes.ts';
import { isToken, secretsOf } from '../../shared/trigger/webhook/secrets.ts';
import type { Webhook, Webhooks } from '../../shared/trigger/webhook/webhook.ts';
import { workflowOf } from '../../shared/workflow/visible.http.ts';
import { audit, deliveries, engineServices, payloads, recorder, seals, webhooks } from '../adapters.ts';

type TestServices = Services & { audit: Audit };

type Services = WebhookServices & DeliveryServices & { payloads: Payloads; webhooks: Webhooks };

/** Lets a foreign system in. What is turned away hears why, and with what delivery. */
export async function receiveWebhook({ params, raw }: RequestOf<'receiveWebhook'>, services: Services) {
  const webhook = await webhookAt(services, params);
  const challenge = schemeOf(webhook).challenge?.(raw);
  if (challenge !== undefined) {
    const at = services.now();
    schemeOf(webhook).verify(raw, await secretsOf(services.seals, webhook, at), at, webhook.signature);
    return echo(challenge);
  }
  const received = await receiveRequest(services, webhook, raw, raw.sourceIp);
  throwRefusal(received);
  const { delivery } = received;
  return accepted({ delivery_id: delivery.id, outcome: delivery.outcome });
}

/** Whoever sets a webhook up sees what becomes of a request, also of one that is turned away. */
export async function testWebhook({ params, body, caller }: RequestOf<'testWebhook'>, services: TestServices) {
  const { id: workflowId } = await workflowOf(services, caller, params.workflow_id);
  const webhook = await services.webhooks.get(params.webhook_id);
  if (webhook?.workflowId !== workflowId) throw notFound('webhook', params.webhook_id);
  const at = services.now();
  const [secret = ''] = await secretsOf(services.seals, webhook, at);
  const { id, name, project } = webhook;
  await recordFirst(services.audit, { object: 'webhook', id, name, project }, at);
  const request = sampleRequest(webhook, secret, at, body.body);
  const { delivery } = await aside(() => receiveRequest(services, webhook, request, 'test'));
  return ok(deliveryView(delivery));
}

/** A question is answered to whoever knows the URL: nothing comes of it. */
export async function answerChallenge({ params, raw }: RequestOf<'answerChallenge'>, services: Services) {
  const webhook = await webhookAt(services, params);
  const challenge = schemeOf(webhook).challenge?.(raw);
  if (challenge === undefined) throw new Problem('invalid', 'This is a webhook: send it POST requests.');
  return echo(challenge);
}

/** Not found, whichever part of the URL is wrong. A request to no webhook leaves no delivery. */
async function webhookAt({ webhooks, seals, now }: Services, address: { webhook_id: string; token: string }): Promise<Webhook> {
  const webhook = await webhooks.get(address.webhook_id);
  const secrets = webhook && webhook.token === undefined ? await secretsOf(seals, webhook, now()) : [];
  if (!webhook || !isToken(webhook, secrets, address.token)) throw notFound('webhook', address.webhook_id);
  return webhook;
}

function echo(challenge: string): Answer {
  if (!/^[\u0020-\u007e]{1,1024}$/.test(challenge))
    throw new Problem('invalid', 'The challenge must have 1 to 1024 printable ASCII characters.');
  return { status: 200, body: challenge, headers: { 'content-type': 'text/plain', 'x-content-type-options': 'nosniff' } };
}

export const handler = http(
  webhooksOperations,
  { receiveWebhook, testWebhook, answerChallenge },
  (): TestServices => ({
    ...engineServices(),
    webhooks: webhooks(),
    deliveries: deliveries(),
    payloads: payloads(),
    seals: seals(),
    audit: audit(),
  }),
  recorder,
);
