import * as z from 'zod';

/** Triggers that leave deliveries. */
export const DELIVERY_TRIGGERS = ['email', 'schedule', 'webhook'] as const;
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
  /** The mailbox, schedule or webhook that it came to. */
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
});
export type Delivery = z.infer<typeof delivery>;

export interface DeliveryFilter {
  workspace: string;
  project?: string | undefined;
  workflowId?: string | undefined;
  trigger?: DeliveryTrigger | undefined;
  outcome?: Outcome | undefined;
}

export interface Deliveries {
  /** `seen`: as it was, when somebody tries it again. */
  put(delivery: Delivery, seen?: Delivery): Promise<void>;
  get(id: string): Promise<Delivery | undefined>;
  /** One Query, newest first; filters make pages short, never reads long. */
  list(
    filter: DeliveryFilter,
    page: { limit: number; token?: string | undefined },
  ): Promise<{ items: Delivery[]; next: string | undefined }>;
}
