import type { RequestOf } from '../../shared/api/request-of.ts';
import { created, noContent, ok } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import { pageView } from '../../shared/edge/schema.ts';
import { actorOf } from '../../shared/kernel/actor.ts';
import * as env from '../../shared/kernel/env.ts';
import { notFound } from '../../shared/kernel/problem.ts';
import type { Caller } from '../../shared/kernel/role.ts';
import { queues as queuesOperations } from '../../shared/trigger/queue/operations.http.ts';
import { type InboxUrls, queueView } from '../../shared/trigger/queue/queue.http.ts';
import type { Queue } from '../../shared/trigger/queue/queue.ts';
import * as queue from '../../shared/trigger/queue/save-queue.ts';
import { workflowOf } from '../../shared/workflow/visible.http.ts';
import type { Workflows } from '../../shared/workflow/workflows.ts';
import { now, queues, recorder, workflows } from '../adapters.ts';

type Services = queue.QueueSettingsServices & { workflows: Workflows; inbox: InboxUrls };

export async function createQueue({ params, body, caller }: RequestOf<'createQueue'>, services: Services) {
  const workflow = await workflowOf(services, caller, params.workflow_id);
  const made = await queue.createQueue(services, { workflow, actor: actorOf(caller) }, body);
  return created(queueView(made, services.inbox));
}

export async function listQueues({ params, query, caller }: RequestOf<'listQueues'>, services: Services) {
  const { id: workflowId, workspace } = await workflowOf(services, caller, params.workflow_id);
  const page = await services.queues.list({ workspace, workflowId }, { limit: query.limit, token: query.continuation_token });
  return ok(pageView(page, (one) => queueView(one, services.inbox)));
}

export async function getQueue({ params, caller }: RequestOf<'getQueue'>, services: Services) {
  return ok(queueView(await queueOf(services, caller, params), services.inbox));
}

export async function changeQueue({ params, body, caller }: RequestOf<'changeQueue'>, services: Services) {
  const seen = await queueOf(services, caller, params);
  return ok(queueView(await queue.changeQueue(services, seen, body), services.inbox));
}

export async function deleteQueue({ params, caller }: RequestOf<'deleteQueue'>, services: Services) {
  await services.queues.remove(await queueOf(services, caller, params));
  return noContent();
}

async function queueOf(
  services: Services,
  caller: Caller,
  { workflow_id, queue_id: id }: { workflow_id: string; queue_id: string },
): Promise<Queue> {
  const workflow = await workflowOf(services, caller, workflow_id);
  const found = await services.queues.get(id);
  if (found?.workflowId !== workflow.id) throw notFound('queue', id);
  return found;
}

export const handler = http(
  queuesOperations,
  { createQueue, listQueues, getQueue, changeQueue, deleteQueue },
  (): Services => ({ workflows: workflows(), queues: queues(), ownQueues: env.inboundQueues(), inbox: env.inbox(), now }),
  recorder,
);
