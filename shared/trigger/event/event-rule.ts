import * as z from 'zod';
import { actor } from '../../kernel/actor.ts';
import type { Page, PageOf } from '../../kernel/page.ts';

/** What starts a run for each event of EventBridge that it is about. */
export const eventRule = z.object({
  id: z.string(),
  workspace: z.string(),
  project: z.string(),
  workflowId: z.string(),
  name: z.string(),
  /** Which events: all that is said must hold. */
  source: z.string().optional(),
  detailType: z.string().optional(),
  /** An event pattern of EventBridge, as its JSON text: maps of DynamoDB have no place for every number. */
  pattern: z.string().optional(),
  /** JSONata from `{detail, event}` to inputs. */
  mapping: z.string().optional(),
  /** JSONata condition over the same: what does not meet it starts nothing. */
  if: z.string().optional(),
  enabled: z.boolean(),
  createdAt: z.string(),
  createdBy: actor,
  updatedAt: z.string(),
});
export type EventRule = z.infer<typeof eventRule>;

export interface EventRules {
  create(rule: EventRule): Promise<void>;
  get(id: string): Promise<EventRule | undefined>;
  /** Stores `next`. False when somebody has changed it since `seen` was read. */
  replace(seen: EventRule, next: EventRule): Promise<boolean>;
  remove(rule: EventRule): Promise<void>;
  list(owner: { workspace: string; workflowId: string }, page: PageOf): Promise<Page<EventRule>>;
  /** All of a workspace: whoever hears an event asks each of them. */
  all(workspace: string): Promise<EventRule[]>;
}
