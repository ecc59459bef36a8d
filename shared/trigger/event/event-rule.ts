import * as z from 'zod';
import type { Page, PageOf } from '../../kernel/page.ts';
import { trigger } from '../expression/trigger.ts';
import type { Readable } from '../expression/trigger-expressions.ts';

/** What starts a run for each event of EventBridge that it is about. */
export const eventRule = trigger.extend({
  /** Which events: all that is said must hold. */
  source: z.string().optional(),
  detailType: z.string().optional(),
  /** An event pattern of EventBridge, as its JSON text: maps of DynamoDB have no place for every number. */
  pattern: z.string().optional(),
});
export type EventRule = z.infer<typeof eventRule>;

/** What the mapping and the condition of an event rule read. */
export const EVENT: Readable = { thing: 'an event', trigger: 'event rule', names: ['detail', 'event'] };

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
