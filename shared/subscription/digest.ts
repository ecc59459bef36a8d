import * as z from 'zod';
import type { Notification } from './notification.ts';

const error = z.object({ name: z.string(), message: z.string() });
const payload = z.object({
  timestamp: z.string(),
  data: z.looseObject({
    run: z
      .object({ id: z.string(), workflow_name: z.string(), reference: z.string().nullish(), error: error.nullish() })
      .partial()
      .optional(),
    task: z.object({ title: z.string() }).partial().optional(),
    schedule: z.object({ name: z.string() }).optional(),
    budget: z.object({ of: z.string(), spent: z.number(), per: z.string() }).optional(),
    event: z.object({ type: z.string(), subject: z.string().nullish() }).optional(),
    subscription: z.object({ id: z.string() }).optional(),
    reason: z.string().nullish(),
  }),
});

/** Nobody reads more of a mail. */
const LINES = 100;

/** What has happened in a project, as a mail to people; `all`: where the rest of it is shown. */
export function digestOf(
  project: string,
  notifications: readonly Notification[],
  all: string,
): { subject: string; text: string } {
  const shown = notifications.toSorted((a, b) => (a.createdAt < b.createdAt ? -1 : 1)).slice(0, LINES);
  const count = notifications.length;
  const more = count - shown.length;
  const rest = more > 0 ? `\nand ${more.toLocaleString('en')} more: ${all}\n` : '';
  const [only] = notifications;
  const subject = count === 1 && only ? `${only.type} in ${project}` : `${count.toLocaleString('en')} events in ${project}`;
  return {
    subject: `Millrun: ${subject}`,
    text: `${shown.map(lineOf).join('\n')}\n${rest}\nThis mail was sent for a subscription of the project ${project}.\n`,
  };
}

/** `2026-11-28T08:00:00.000Z run.failed order-intake (4711): HttpServerError: 503, run 01K...` */
function lineOf({ type, payload: text }: Notification): string {
  const { timestamp, data } = payload.parse(JSON.parse(text));
  const { run, task, schedule, budget, event, subscription, reason } = data;
  const about = [
    run?.workflow_name && `${run.workflow_name}${run.reference ? ` (${run.reference})` : ''}`,
    task?.title,
    schedule?.name,
    budget && `${budget.of}: ${budget.spent} credits this ${budget.per}`,
    event && `${event.type}${event.subject ? ` of ${event.subject}` : ''}`,
    subscription?.id,
  ].filter(Boolean);
  const why = run?.error ? `${run.error.name}: ${run.error.message}` : reason;
  return [`${timestamp} ${type} ${about.join(', ')}`.trim(), why, run?.id && `run ${run.id}`]
    .filter(Boolean)
    .join('; ')
    .replace(/\s+/g, ' ');
}
