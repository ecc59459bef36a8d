import { createHash } from 'node:crypto';
import { newId } from '../../kernel/id.ts';
import { notFound, Problem } from '../../kernel/problem.ts';
import { eventsBehind } from '../../kernel/trace.ts';
import type { StartServices } from '../../run/start/start-request.ts';
import { startRun } from '../../run/start/start-run.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Payloads } from '../delivery/payloads.ts';
import { type DeliveryServices, type Received, receive, type Treated } from '../delivery/receive.ts';
import { type Arrival, inputsOf, isOwnEcho, keyOf, meets, readArrival, traceOf, writeArrival } from './event.ts';
import type { EventRule, EventRules } from './event-rule.ts';
import type { RulesFor } from './rules-for.ts';

/** More in a row than anybody means: each was told by a run that the one before it had started. */
const MOST_IN_A_ROW = 10;

export type EventServices = StartServices & DeliveryServices & { payloads: Payloads };

export interface EventBatchServices extends EventServices {
  rulesFor: RulesFor;
  /** Of what is to come again, and in the end to the dead letters. */
  missed: (message: { id: string }, error: unknown) => void;
}

/** Takes events to the rules that they are for, in any order; answers the ids of messages that are to come again. */
export async function receiveEvents(
  services: EventBatchServices,
  messages: readonly { id: string; body: string }[],
): Promise<string[]> {
  const missed = await Promise.all(
    messages.map(async (message) => {
      try {
        const arrival = readArrival(message.body);
        const rules = await services.rulesFor(arrival);
        await Promise.all(rules.map((rule) => receiveEvent(services, rule, arrival)));
        return [];
      } catch (error) {
        services.missed(message, error);
        return [message.id];
      }
    }),
  );
  return missed.flat();
}

/** Lets an event in or turns it away; either way there is a delivery. Rejects for faults of ours, with which it is to come again. */
async function receiveEvent(services: EventServices, rule: EventRule, arrival: Arrival): Promise<Received> {
  const id = newId(services.now().getTime());
  const payload = `deliveries/${id}.json`;
  const { workspace, project, workflowId } = rule;
  const kept = writeArrival(arrival);
  const incoming = {
    id,
    workspace,
    project,
    workflowId,
    trigger: 'event' as const,
    triggerId: rule.id,
    source: arrival.event.source,
    key: keyOf(arrival),
    bytes: kept.length,
    payload,
  };
  const start = async () => {
    // The delivery must not point to what is not there.
    await services.payloads.put(payload, kept, 'application/json');
    return startEvent(services, rule, arrival);
  };
  return receive(services, incoming, start());
}

/** Starts what was turned away. */
export async function redeliverEvent(
  services: StartServices & { rules: Pick<EventRules, 'get'> },
  { triggerId }: Delivery,
  raw: Buffer | undefined,
): Promise<Treated> {
  const rule = await services.rules.get(triggerId);
  if (!rule) throw notFound('event rule', triggerId);
  if (!raw) throw new Problem('conflict', 'Nothing of this event was kept.');
  return startEvent(services, rule, readArrival(raw.toString()));
}

async function startEvent(services: StartServices, rule: EventRule, arrival: Arrival): Promise<Treated> {
  if (!rule.enabled) throw new Problem('conflict', `The event rule "${rule.name}" is turned off.`);
  const workflow = await services.workflows.get(rule.workflowId);
  if (workflow && isOwnEcho(arrival, workflow)) return { skipped: 'The workflow has caused this event itself.' };
  const trace = traceOf(arrival);
  if (eventsBehind(trace) > MOST_IN_A_ROW)
    throw new Problem(
      'conflict',
      `More than ${MOST_IN_A_ROW} events in a row have led to this one, each told by a run that the one before it had started: the workflows go in a circle. Let a condition of one of their event rules end it.`,
    );
  if (!(await meets(rule, arrival))) return { skipped: "The event rule's condition was false." };
  return startRun(services, {
    workspace: rule.workspace,
    project: rule.project,
    workflowId: rule.workflowId,
    stage: 'Published',
    inputs: await inputsOf(rule, arrival),
    fileIds: [],
    trigger: 'event',
    triggerId: rule.id,
    actor: { kind: 'trigger', id: rule.id, name: rule.name },
    useStartDefaults: true,
    trace,
    key: { trigger: 'event', value: `${rule.id}\n${keyOf(arrival)}`, asked: hashOf(arrival) },
  });
}

/** The id says all: an event that is emitted again says another time. */
const hashOf = (arrival: Arrival) => createHash('sha256').update(keyOf(arrival)).digest('hex');
