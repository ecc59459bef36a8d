import * as z from 'zod';
import { operation } from '../../edge/route.ts';
import { listQuery, resourceId } from '../../edge/schema.ts';
import { changedEventRule, eventRuleEntries, eventRuleEntry, newEventRule } from './event-rule.http.ts';

const at = { tag: 'event rules', entry: 'api/event-rules' } as const;
const ofWorkflow = z.object({ workflow_id: resourceId });
const one = z.object({ workflow_id: resourceId, event_rule_id: resourceId });

export const eventRules = {
  createEventRule: operation({
    ...at,
    method: 'POST',
    path: '/v1/workflows/{workflow_id}/event-rules',
    summary: 'Let events of EventBridge start runs',
    act: 'event_rule.create',
    role: 'editor',
    params: ofWorkflow,
    body: newEventRule,
    responses: { 201: eventRuleEntry },
  }),
  listEventRules: operation({
    ...at,
    method: 'GET',
    path: '/v1/workflows/{workflow_id}/event-rules',
    summary: 'Event rules of a workflow',
    params: ofWorkflow,
    query: z.strictObject(listQuery(25)),
    responses: { 200: eventRuleEntries },
  }),
  getEventRule: operation({
    ...at,
    method: 'GET',
    path: '/v1/workflows/{workflow_id}/event-rules/{event_rule_id}',
    summary: 'One event rule',
    params: one,
    responses: { 200: eventRuleEntry },
  }),
  changeEventRule: operation({
    ...at,
    method: 'PATCH',
    path: '/v1/workflows/{workflow_id}/event-rules/{event_rule_id}',
    summary: 'Rename an event rule, turn it on or off, let it hear of other events, map them otherwise',
    act: 'event_rule.change',
    role: 'editor',
    params: one,
    body: changedEventRule,
    responses: { 200: eventRuleEntry },
  }),
  deleteEventRule: operation({
    ...at,
    method: 'DELETE',
    path: '/v1/workflows/{workflow_id}/event-rules/{event_rule_id}',
    summary: 'Delete an event rule; its deliveries stay',
    act: 'event_rule.delete',
    role: 'editor',
    params: one,
    responses: { 204: '' },
  }),
};
