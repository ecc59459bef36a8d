import * as z from 'zod';
import { inspectJson } from '../../kernel/inspect-json.ts';
import { parseJson } from '../../kernel/json.ts';
import { type Trace, traceIn } from '../../kernel/trace.ts';
import type { RawForm } from '../delivery/raw.ts';
import { mappedInputs, meetsCondition, type TriggerExpressions } from '../expression/trigger-expressions.ts';
import { EVENT } from './event-rule.ts';

/** An event of EventBridge, as its rules see it. */
const busEvent = z.object({
  id: z.string(),
  source: z.string(),
  'detail-type': z.string(),
  time: z.string(),
  account: z.string().default(''),
  region: z.string().default(''),
  resources: z.array(z.string()).default([]),
  detail: z.unknown(),
});

/** An event that has come, and from which bus: the rule of the stack for that bus writes this. */
const arrival = z.object({
  bus: z.string(),
  /** Whose rules may hear of it, unless it says who has emitted it. */
  workspace: z.string(),
  /** Whether it is the bus that steps emit to. */
  own: z.boolean(),
  event: busEvent,
});
export type Arrival = z.infer<typeof arrival>;

/** Throws for what is none. */
export const readArrival = (text: string): Arrival => arrival.parse(parseJson(text));
/** An event as it is kept. */
export const writeArrival = (one: Arrival): Buffer => Buffer.from(JSON.stringify(one));

/** An event for people. */
export const rawEvent: RawForm = {
  ending: 'json',
  write: (kept) => Buffer.from(JSON.stringify(readArrival(kept.toString()).event, null, 2)),
};

/** What emit steps, and subscriptions, say of themselves in a detail. */
const emitted = z.object({
  specversion: z.literal('1.0'),
  id: z.string(),
  workspace: z.string(),
  project: z.string(),
  workflow: z.string().optional(),
  data: z.unknown(),
});
type Emitted = z.infer<typeof emitted>;

/** Who of us has emitted the event; undefined where it has come from outside. */
const emittedIn = ({ own, event }: Arrival): Emitted | undefined => (own ? emitted.safeParse(event.detail).data : undefined);

/** Whose rules may hear of the event: what a project tells stays in it. */
export const audienceOf = (one: Arrival): { workspace: string; project?: string } =>
  emittedIn(one) ?? { workspace: one.workspace };

/** What makes it the same event again: what is emitted twice has one id of its own, under two of EventBridge. */
export const keyOf = (one: Arrival): string => emittedIn(one)?.id ?? one.event.id;

const ofRun = z.object({ run: z.object({ workflow_id: z.string() }) });

/** Whether a workflow has caused the event itself, by a step or by what became of its run: it would go on for ever. */
export function isOwnEcho(one: Arrival, { id, project, name }: { id: string; project: string; name: string }): boolean {
  const by = emittedIn(one);
  if (!by) return false;
  return (by.project === project && by.workflow === name) || ofRun.safeParse(by.data).data?.run.workflow_id === id;
}

const traced = z.object({ traceparent: z.string(), tracestate: z.string() }).partial();

/** The trace that the event is told in: https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/distributed-tracing.md */
export const traceOf = ({ event }: Arrival): Trace | undefined => traceIn(traced.safeParse(event.detail).data ?? {});

/** The inputs that an event means. Without a mapping they are its detail. */
export const inputsOf = ({ mapping }: TriggerExpressions, one: Arrival) => mappedInputs(mapping, namesOf(one), EVENT);

export const meets = ({ if: condition }: TriggerExpressions, one: Arrival) => meetsCondition(condition, namesOf(one), EVENT);

function namesOf({ bus, event: { detail, 'detail-type': detailType, id, source, time, account, region, resources } }: Arrival) {
  inspectJson(detail);
  return { detail, event: { id, source, detail_type: detailType, time, account, region, resources, bus } };
}
