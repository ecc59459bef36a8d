import type { RequestOf } from '../../shared/api/request-of.ts';
import { created, noContent, ok } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import { pageView } from '../../shared/edge/schema.ts';
import { actorOf } from '../../shared/kernel/actor.ts';
import { notFound } from '../../shared/kernel/problem.ts';
import type { Caller } from '../../shared/kernel/role.ts';
import { eventRuleView } from '../../shared/trigger/event/event-rule.http.ts';
import type { EventRule } from '../../shared/trigger/event/event-rule.ts';
import { eventRules as eventRulesOperations } from '../../shared/trigger/event/operations.http.ts';
import * as rule from '../../shared/trigger/event/save-event-rule.ts';
import { workflowOf } from '../../shared/workflow/visible.http.ts';
import type { Workflows } from '../../shared/workflow/workflows.ts';
import { eventRules, now, recorder, workflows } from '../adapters.ts';

type Services = rule.EventRuleServices & { workflows: Workflows };

export async function createEventRule({ params, body, caller }: RequestOf<'createEventRule'>, services: Services) {
  const workflow = await workflowOf(services, caller, params.workflow_id);
  const made = await rule.createEventRule(services, { workflow, actor: actorOf(caller) }, body);
  return created(eventRuleView(made));
}

export async function listEventRules({ params, query, caller }: RequestOf<'listEventRules'>, services: Services) {
  const { id: workflowId, workspace } = await workflowOf(services, caller, params.workflow_id);
  const page = await services.rules.list({ workspace, workflowId }, { limit: query.limit, token: query.continuation_token });
  return ok(pageView(page, eventRuleView));
}

export async function getEventRule({ params, caller }: RequestOf<'getEventRule'>, services: Services) {
  return ok(eventRuleView(await ruleOf(services, caller, params)));
}

export async function changeEventRule({ params, body, caller }: RequestOf<'changeEventRule'>, services: Services) {
  const seen = await ruleOf(services, caller, params);
  return ok(eventRuleView(await rule.changeEventRule(services, seen, body)));
}

export async function deleteEventRule({ params, caller }: RequestOf<'deleteEventRule'>, services: Services) {
  await services.rules.remove(await ruleOf(services, caller, params));
  return noContent();
}

async function ruleOf(
  services: Services,
  caller: Caller,
  { workflow_id, event_rule_id: id }: { workflow_id: string; event_rule_id: string },
): Promise<EventRule> {
  const workflow = await workflowOf(services, caller, workflow_id);
  const found = await services.rules.get(id);
  if (found?.workflowId !== workflow.id) throw notFound('event rule', id);
  return found;
}

export const handler = http(
  eventRulesOperations,
  { createEventRule, listEventRules, getEventRule, changeEventRule, deleteEventRule },
  (): Services => ({ workflows: workflows(), rules: eventRules(), now }),
  recorder,
);
