import type { RequestOf } from '../../shared/api/request-of.ts';
import { created, noContent, ok } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import { pageView } from '../../shared/edge/schema.ts';
import { actorOf } from '../../shared/kernel/actor.ts';
import { notFound } from '../../shared/kernel/problem.ts';
import type { Caller } from '../../shared/kernel/role.ts';
import { webhooks as webhooksOperations } from '../../shared/trigger/webhook/operations.http.ts';
import * as webhook from '../../shared/trigger/webhook/save-webhook.ts';
import { GITHUB } from '../../shared/trigger/webhook/schemes/sha256.ts';
import { revealedView, webhookView } from '../../shared/trigger/webhook/webhook.http.ts';
import type { Webhook } from '../../shared/trigger/webhook/webhook.ts';
import { workflowOf } from '../../shared/workflow/visible.http.ts';
import type { Workflows } from '../../shared/workflow/workflows.ts';
import { now, recorder, seals, webhooks, workflows } from '../adapters.ts';

type Services = webhook.WebhookSettingsServices & { workflows: Workflows };

export async function createWebhook({ params, body, caller, origin }: RequestOf<'createWebhook'>, services: Services) {
  const workflow = await workflowOf(services, caller, params.workflow_id);
  const revealed = await webhook.createWebhook(services, { workflow, actor: actorOf(caller) }, choicesOf(body), body.secret);
  return created(revealedView(revealed, origin, services.now()));
}

function choicesOf({
  header,
  prefix,
  encoding,
  secret: _,
  ...choices
}: RequestOf<'createWebhook'>['body']): webhook.WebhookChoices {
  if (choices.scheme !== 'sha256') return choices;
  const named = header === undefined ? GITHUB : { header, prefix: 'sha256=', encoding: 'hex' as const };
  return {
    ...choices,
    signature: { ...named, ...(prefix !== undefined && { prefix }), ...(encoding !== undefined && { encoding }) },
  };
}

export async function listWebhooks({ params, query, caller, origin }: RequestOf<'listWebhooks'>, services: Services) {
  const { id: workflowId, workspace } = await workflowOf(services, caller, params.workflow_id);
  const page = await services.webhooks.list({ workspace, workflowId }, { limit: query.limit, token: query.continuation_token });
  return ok(pageView(page, (one) => webhookView(one, origin)));
}

export async function getWebhook({ params, caller, origin }: RequestOf<'getWebhook'>, services: Services) {
  return ok(webhookView(await webhookOf(services, caller, params), origin));
}

export async function changeWebhook({ params, body, caller, origin }: RequestOf<'changeWebhook'>, services: Services) {
  const seen = await webhookOf(services, caller, params);
  return ok(webhookView(await webhook.changeWebhook(services, seen, body), origin));
}

export async function rotateWebhook({ params, body, caller, origin }: RequestOf<'rotateWebhook'>, services: Services) {
  const seen = await webhookOf(services, caller, params);
  const revealed = await webhook.rotateWebhook(services, seen, body);
  return ok(revealedView(revealed, origin, services.now()));
}

export async function deleteWebhook({ params, caller }: RequestOf<'deleteWebhook'>, services: Services) {
  await services.webhooks.remove(await webhookOf(services, caller, params));
  return noContent();
}

async function webhookOf(
  services: Services,
  caller: Caller,
  { workflow_id, webhook_id: id }: { workflow_id: string; webhook_id: string },
): Promise<Webhook> {
  const workflow = await workflowOf(services, caller, workflow_id);
  const found = await services.webhooks.get(id);
  if (found?.workflowId !== workflow.id) throw notFound('webhook', id);
  return found;
}

export const handler = http(
  webhooksOperations,
  { createWebhook, listWebhooks, getWebhook, changeWebhook, rotateWebhook, deleteWebhook },
  (): Services => ({ workflows: workflows(), webhooks: webhooks(), seals: seals(), now }),
  recorder,
);
