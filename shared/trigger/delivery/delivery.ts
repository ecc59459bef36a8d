import * as z from 'zod';
import type { Page, PageOf } from '../../kernel/page.ts';

/** Triggers that leave deliveries. */
export const DELIVERY_TRIGGERS = ['email', 'schedule', 'webhook', 'queue', 'event'] as const;
export type DeliveryTrigger = (typeof DELIVERY_TRIGGERS)[number];

export const OUTCOMES = ['accepted', 'skipped', 'duplicate', 'rejected'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** One arrival at a trigger, accepted or not. */
export const delivery = z.object({
  id: z.string(),
  workspace: z.string(),
  project: z.string().optional(),
  workflowId: z.string().optional(),
  trigger: z.enum(DELIVERY_TRIGGERS),
  /** The mailbox, schedule, webhook, queue or event rule that it came to. */
  triggerId: z.string(),
  /** Where it came from: an address, a network address, a nominal time. */
  source: z.string(),
  /** What makes it the same delivery again. */
  key: z.string(),
  at: z.string(),
  outcome: z.enum(OUTCOMES),
  reason: z.string().optional(),
  runId: z.string().optional(),
  bytes: z.int(),
  /** Object in the bucket that holds the raw payload. */
  payload: z.string().optional(),
  /** How often it has been tried again. */
  redeliveries: z.int().default(0),
  /** Who has asked for the last try, where whoever is interrupted comes again. */
  triedBy: z.string().optional(),
});
export type Delivery = z.infer<typeof delivery>;

export interface DeliveryFilter {
  workspace: string;
  project?: string | undefined;
  workflowId?: string | undefined;
  trigger?: DeliveryTrigger | undefined;
  outcome?: Outcome | undefined;
  /** The mailbox, schedule, webhook, queue or event rule that it came to. */
  triggerId?: string | undefined;
  /** Words of its reason, in any case. */
  reason?: string | undefined;
  /** ISO times of arrival, inclusive. */
  from?: string | undefined;
  to?: string | undefined;
  /** Of that id or run, or with it in its source, key or reason. */
  q?: string | undefined;
}

const SAME = ['workspace', 'project', 'workflowId', 'trigger', 'outcome', 'triggerId'] as const;

/** Whether a delivery is one that the filter is about, but for its time. */
export function fits(delivery: Delivery, filter: DeliveryFilter): boolean {
  const { source, key, reason, id, runId } = delivery;
  const holds = (texts: (string | undefined)[], words: string | undefined) =>
    words === undefined || texts.some((text) => text?.toLowerCase().includes(words.toLowerCase()));
  return (
    SAME.every((name) => filter[name] === undefined || filter[name] === delivery[name]) &&
    holds([reason], filter.reason) &&
    (holds([source, key, reason], filter.q) || [id, runId].includes(filter.q?.toUpperCase()))
  );
}

export interface Deliveries {
  /** `seen`: as it was, when somebody tries it again. */
  put(delivery: Delivery, seen?: Delivery): Promise<void>;
  get(id: string): Promise<Delivery | undefined>;
  /** Newest first; where few are of the list a page is short and says how far it has looked. */
  list(filter: DeliveryFilter, page: PageOf): Promise<Page<Delivery>>;
}
