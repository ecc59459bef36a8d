import type { RequestOf } from '../../shared/api/request-of.ts';
import { type Answer, accepted } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import { notFound, Problem } from '../../shared/kernel/problem.ts';
import type { Payloads } from '../../shared/trigger/delivery/payloads.ts';
import { type DeliveryServices, throwRefusal } from '../../shared/trigger/delivery/receive.ts';
import { webhooks as webhooksOperations } from '../../shared/trigger/webhook/operations.http.ts';
import { receiveRequest, type WebhookServices } from '../../shared/trigger/webhook/receive-request.ts';
import { schemeOf } from '../../shared/trigger/webhook/schemes.ts';
import { isToken, secretsOf } from '../../shared/trigger/webhook/secrets.ts';
import type { Webhook, Webhooks } from '../../shared/trigger/webhook/webhook.ts';
import { deliveries, engineServices, payloads, seals, webhooks } from '../adapters.ts';

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
  { receiveWebhook, answerChallenge },
  (): Services => ({
    ...engineServices(),
    webhooks: webhooks(),
    deliveries: deliveries(),
    payloads: payloads(),
    seals: seals(),
  }),
);
