import * as z from 'zod';

/** Doors that leave receipts. */
export const DOORS = ['email', 'schedule', 'webhook'] as const;
export type Door = (typeof DOORS)[number];

export const OUTCOMES = ['accepted', 'skipped', 'duplicate', 'rejected'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What is known of one knock. */
export const receipt = z.object({
  id: z.string(),
  workspace: z.string(),
  project: z.string().optional(),
  workflowId: z.string().optional(),
  door: z.enum(DOORS),
  /** The mailbox, schedule or webhook that was knocked at. */
  doorId: z.string(),
  /** Who knocked: an address, a network address, a nominal time. */
  source: z.string(),
  /** What makes it the same knock again. */
  key: z.string(),
  at: z.string(),
  outcome: z.enum(OUTCOMES),
  reason: z.string().optional(),
  runId: z.string().optional(),
  bytes: z.int(),
  /** Object in the bucket that holds the raw payload. */
  payload: z.string().optional(),
  /** How often it has been tried again. */
  replays: z.int().default(0),
});
export type Receipt = z.infer<typeof receipt>;

export interface ReceiptFilter {
  workspace: string;
  project?: string | undefined;
  workflowId?: string | undefined;
  door?: Door | undefined;
  outcome?: Outcome | undefined;
}

export interface Receipts {
  put(receipt: Receipt): Promise<void>;
  get(id: string): Promise<Receipt | undefined>;
  /** One Query, newest first; filters make pages short, never reads long. */
  list(
    filter: ReceiptFilter,
    page: { limit: number; token?: string | undefined },
  ): Promise<{ items: Receipt[]; next: string | undefined }>;
}
