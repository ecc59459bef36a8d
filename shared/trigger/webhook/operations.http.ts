import * as z from 'zod';
import { operation } from '../../edge/route.ts';
import { listQuery, resourceId } from '../../edge/schema.ts';
import { deliveryEntry } from '../delivery/delivery.http.ts';
import {
  changedWebhook,
  newWebhook,
  revealedWebhook,
  rotation,
  testRequest,
  webhookEntries,
  webhookEntry,
} from './webhook.http.ts';

const at = { tag: 'webhooks', entry: 'api/webhooks' } as const;
const ofWorkflow = z.object({ workflow_id: resourceId });
const one = z.object({ workflow_id: resourceId, webhook_id: resourceId });

const hook = {
  tag: 'webhooks',
  entry: 'api/receive-webhook',
  path: '/hooks/{webhook_id}/{token}',
  open: true,
  raw: true,
  params: z.object({ webhook_id: resourceId, token: z.string().min(1).max(100) }),
} as const;

export const webhooks = {
  createWebhook: operation({
    ...at,
    method: 'POST',
    path: '/v1/workflows/{workflow_id}/webhooks',
    summary: 'Let a foreign system start runs; the secret is shown once',
    act: 'webhook.create',
    role: 'editor',
    params: ofWorkflow,
    body: newWebhook,
    responses: { 201: revealedWebhook },
  }),
  listWebhooks: operation({
    ...at,
    method: 'GET',
    path: '/v1/workflows/{workflow_id}/webhooks',
    summary: 'Webhooks of a workflow',
    params: ofWorkflow,
    query: z.strictObject(listQuery(25)),
    responses: { 200: webhookEntries },
  }),
  getWebhook: operation({
    ...at,
    method: 'GET',
    path: '/v1/workflows/{workflow_id}/webhooks/{webhook_id}',
    summary: 'One webhook',
    params: one,
    responses: { 200: webhookEntry },
  }),
  changeWebhook: operation({
    ...at,
    method: 'PATCH',
    path: '/v1/workflows/{workflow_id}/webhooks/{webhook_id}',
    summary: 'Rename a webhook, turn it on or off, map it otherwise',
    act: 'webhook.change',
    role: 'editor',
    params: one,
    body: changedWebhook,
    responses: { 200: webhookEntry },
  }),
  rotateWebhook: operation({
    ...at,
    method: 'POST',
    path: '/v1/workflows/{workflow_id}/webhooks/{webhook_id}/rotate',
    summary: 'Another secret, shown once; the one before stays valid for a while',
    act: 'webhook.rotate',
    role: 'editor',
    params: one,
    body: rotation,
    responses: { 200: revealedWebhook },
  }),
  testWebhook: operation({
    ...at,
    entry: 'api/receive-webhook',
    method: 'POST',
    path: '/v1/workflows/{workflow_id}/webhooks/{webhook_id}/test',
    summary: 'Send a signed sample through the way in; what became of it is the answer',
    act: 'webhook.test',
    role: 'editor',
    params: one,
    body: testRequest,
    responses: { 200: deliveryEntry },
    refuses: [404],
  }),
  deleteWebhook: operation({
    ...at,
    method: 'DELETE',
    path: '/v1/workflows/{workflow_id}/webhooks/{webhook_id}',
    summary: 'Delete a webhook; its deliveries stay',
    act: 'webhook.delete',
    role: 'editor',
    params: one,
    responses: { 204: '' },
  }),
  receiveWebhook: operation({
    ...hook,
    method: 'POST',
    summary: 'Where foreign systems deliver',
    responses: {
      202: z.object({ delivery_id: resourceId, outcome: z.enum(['accepted', 'skipped', 'duplicate']) }),
      200: 'text/plain',
    },
  }),
  answerChallenge: operation({
    ...hook,
    method: 'GET',
    summary: 'Answers a sender that asks whether this is its receiver',
    responses: { 200: 'text/plain' },
  }),
};
