import forms from 'virtual:forms';
import { useQuery } from '@tanstack/react-query';
import { type BodyOf, call } from '../api/call.ts';
import type { Workflow } from '../api/queries.ts';
import { type EventRule, eventRulesQuery, triggersChanged } from './queries.ts';
import { TriggerList } from './trigger-list.tsx';

/** What events of EventBridge start. */
export function EventRules({ workflow }: { workflow: Workflow }) {
  const list = useQuery(eventRulesQuery(workflow.id));
  const params = { workflow_id: workflow.id };
  return (
    <TriggerList
      title="Event rules"
      noun="event rule"
      list={list}
      none="None. An event of EventBridge, on the bus of this installation or on one of yours, starts a run."
      schemas={{ asNew: forms.eventRule, change: forms.eventRuleChange }}
      create={(values, reason) => call('createEventRule', { params, body: values as BodyOf<'createEventRule'>, ...reason })}
      change={({ id: event_rule_id }, body, reason) =>
        call('changeEventRule', { params: { ...params, event_rule_id }, body, ...reason })
      }
      remove={({ id: event_rule_id }, reason) => call('deleteEventRule', { params: { ...params, event_rule_id }, ...reason })}
      again={() => triggersChanged(workflow.id)}
    >
      {(rule) => <Heard rule={rule} />}
    </TriggerList>
  );
}

/** Which events it hears of. */
const Heard = ({ rule: { source, detail_type, pattern } }: { rule: EventRule }) => (
  <p className="muted">
    Events{' '}
    {source !== null && (
      <>
        of <code>{source}</code>{' '}
      </>
    )}
    {detail_type !== null && (
      <>
        of type <code>{detail_type}</code>{' '}
      </>
    )}
    {pattern !== null && (
      <>
        that match <code>{JSON.stringify(pattern)}</code>
      </>
    )}
  </p>
);
