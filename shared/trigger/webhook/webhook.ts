import * as z from 'zod';
import { actor } from '../../kernel/actor.ts';
import type { Page, PageOf } from '../../kernel/page.ts';

export const SCHEMES = ['standard', 'sha256', 'shopify', 'stripe', 'slack', 'none'] as const;
export type SchemeName = (typeof SCHEMES)[number];

/** Longer than a sender takes to try again, shorter than most events take to be true once more. */
export const USUAL_DEDUPE_WINDOW = '5m';

/** Where the plain HMAC stands in a request; other schemes say so themselves. */
export const signature = z.object({
  header: z.string(),
  prefix: z.string(),
  encoding: z.enum(['hex', 'base64']),
});
export type Signature = z.infer<typeof signature>;

/** A secret as its row holds it: only the key service can open it. */
const sealedSecret = z.object({ sealed: z.string(), createdAt: z.string(), until: z.string().optional() });
export type SealedSecret = z.infer<typeof sealedSecret>;

/** Where a foreign system may send requests, and how it proves who it is. */
export const webhook = z.object({
  id: z.string(),
  workspace: z.string(),
  project: z.string(),
  workflowId: z.string(),
  name: z.string(),
  scheme: z.enum(SCHEMES),
  signature: signature.optional(),
  /** Header that names a request, when it is not one of the usual. */
  deliveryHeader: z.string().optional(),
  /** JSONata from `{body, headers, query}` to inputs. */
  mapping: z.string().optional(),
  /** JSONata condition over the same: what does not meet it starts nothing. */
  if: z.string().optional(),
  /** For how long a body that nothing names counts as the same delivery again: a duration, `0s` for never. */
  dedupeWindow: z.string().default(USUAL_DEDUPE_WINDOW),
  enabled: z.boolean(),
  /** End of the URL; absent where the secret is the end of the URL. */
  token: z.string().optional(),
  /** The newest first; the one before it stays valid for a while. */
  secrets: z.array(sealedSecret),
  createdAt: z.string(),
  createdBy: actor,
  updatedAt: z.string(),
});
export type Webhook = z.infer<typeof webhook>;

/** A delivery, and when it came. */
export interface Arrival {
  id: string;
  at: string;
}

export interface Webhooks {
  create(webhook: Webhook): Promise<void>;
  get(id: string): Promise<Webhook | undefined>;
  /** Stores `next`. False when somebody has changed it since `seen` was read. */
  replace(seen: Webhook, next: Webhook): Promise<boolean>;
  remove(webhook: Webhook): Promise<void>;
  /**
   * The delivery that a body counts as: the first one with this body no more than the window before or after it, else the delivery itself. Whoever comes at
   * the same moment hears the same.
   */
  firstWithBody(id: string, body: string, arrival: Arrival, windowSeconds: number): Promise<string>;
  list(owner: { workspace: string; workflowId: string }, page: PageOf): Promise<Page<Webhook>>;
}
