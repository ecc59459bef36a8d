import * as z from 'zod';
import { callableUrl } from '../connection/connection-type.ts';
import { actor, mailAddress, page, resourceId, time, words } from '../edge/schema.ts';
import { viewOf } from '../edge/snake-case.ts';
import { TRIGGERS } from '../run/model/status.ts';
import { DIGESTS } from './digest-time.ts';
import { EVENTS } from './events.ts';
import type { Notification } from './notification.ts';
import type { Subscription, SubscriptionFilter, Target } from './subscription.ts';

const events = z
  .array(z.enum(EVENTS))
  .min(1, 'must name at least one event')
  .max(EVENTS.length)
  .refine((given) => new Set(given).size === given.length, 'must name each event once');

const filter = z
  .strictObject({
    workflow_id: resourceId.optional(),
    trigger: z.enum(TRIGGERS).optional(),
    label: words(100).optional(),
    type: words(128).optional(),
  })
  .meta({
    id: 'SubscriptionFilter',
    description: 'Only of this workflow, of runs that came by this trigger, with this label; only events emitted with this type',
  });

/** Whoever wants to tell more people has a list at their mail server. */
const MOST_ADDRESSES = 10;

const to = z
  .union([
    z.strictObject({ webhook: z.strictObject({ url: callableUrl }) }),
    z.strictObject({
      email: z.strictObject({
        addresses: z.array(mailAddress).min(1).max(MOST_ADDRESSES),
        every: z.enum(DIGESTS).optional().meta({ description: 'At each full hour, as when absent, or each day at 05:00 UTC' }),
      }),
    }),
    z.strictObject({ event_bus: z.strictObject({}).meta({ description: 'That of the installation: docs/emit.md' }) }),
  ])
  .meta({ id: 'SubscriptionTarget' });

export const newSubscription = z
  .strictObject({ project_id: resourceId, events, filter: filter.default({}), to, enabled: z.boolean().default(true) })
  .meta({ id: 'NewSubscription' });

export const changedSubscription = z
  .strictObject({ events: events.optional(), filter: filter.optional(), to: to.optional(), enabled: z.boolean().optional() })
  .meta({ id: 'SubscriptionChange' });

export const redelivered = z
  .strictObject({ delivery_ids: z.array(resourceId).min(1).max(100) })
  .meta({ id: 'SubscriptionRedelivery' });

export const subscriptionEntry = z
  .object({
    id: resourceId,
    project_id: z.string(),
    events: z.array(z.enum(EVENTS)),
    filter: z.object({
      workflow_id: z.string().nullable(),
      trigger: z.string().nullable(),
      label: z.string().nullable(),
      type: z.string().nullable(),
    }),
    to,
    enabled: z.boolean(),
    failing_since: time.nullable().meta({ description: 'Since when its receiver has taken nothing' }),
    disabled_reason: z.string().nullable().meta({ description: 'Why it was turned off, when nobody did so' }),
    created_at: time,
    created_by: actor,
    updated_at: time,
  })
  .meta({ id: 'Subscription' });
export const subscriptionEntries = page(subscriptionEntry).meta({ id: 'SubscriptionList' });
export const createdSubscription = subscriptionEntry
  .extend({ secret: z.string().nullable().meta({ description: 'Of a webhook: what verifies signatures; shown this once' }) })
  .meta({ id: 'CreatedSubscription' });

export const subscriptionDelivery = z
  .object({
    id: resourceId,
    event_id: z.string(),
    type: z.string(),
    outcome: z.enum(['pending', 'delivered', 'failed']),
    attempts: z.int(),
    status: z.int().nullable().meta({ description: 'What the receiver answered last' }),
    error: z.string().nullable(),
    created_at: time,
    last_at: time.nullable(),
    due_at: time.nullable().meta({ description: 'When it is sent, or sent again' }),
    delivered_at: time.nullable(),
  })
  .meta({ id: 'SubscriptionDelivery' });
export const subscriptionDeliveries = page(subscriptionDelivery).meta({ id: 'SubscriptionDeliveryList' });
export const redeliveries = z.object({ items: z.array(subscriptionDelivery) }).meta({ id: 'SubscriptionRedeliveries' });

export const targetOf = (given: z.infer<typeof to>): Target =>
  'webhook' in given
    ? { kind: 'webhook', url: given.webhook.url }
    : 'email' in given
      ? { kind: 'email', addresses: given.email.addresses, every: given.email.every ?? 'hour' }
      : { kind: 'event_bus' };

export const filterOf = ({ workflow_id: workflowId, trigger, label, type }: z.infer<typeof filter>): SubscriptionFilter => ({
  ...(workflowId !== undefined && { workflowId }),
  ...(trigger !== undefined && { trigger }),
  ...(label !== undefined && { label }),
  ...(type !== undefined && { type }),
});

function shownTarget(target: Target): z.infer<typeof to> {
  if (target.kind === 'webhook') return { webhook: { url: target.url } };
  return target.kind === 'email' ? { email: { addresses: target.addresses, every: target.every } } : { event_bus: {} };
}

const shown = ({ project, to: target, filter: about, ...row }: Subscription) => ({
  ...row,
  projectId: project,
  filter: {
    workflow_id: about.workflowId ?? null,
    trigger: about.trigger ?? null,
    label: about.label ?? null,
    type: about.type ?? null,
  },
  to: shownTarget(target),
});

export const subscriptionView = (row: Subscription) => viewOf(subscriptionEntry, shown(row));
export const createdSubscriptionView = (row: Subscription, secret: string | undefined) =>
  viewOf(createdSubscription, { ...shown(row), secret: secret ?? null });
export const deliveryView = (row: Notification) => viewOf(subscriptionDelivery, row);
