import { compose } from '../../mail/compose.ts';
import type { Subscribers } from '../../subscription/subscribers.ts';
import type { Subscription } from '../../subscription/subscription.ts';
import type { OwnMail } from '../email/own-mail.ts';

interface TurnedOffServices {
  subscribers: Pick<Subscribers, 'tell'>;
  mail: OwnMail;
  now: () => Date;
  mailLost(error: unknown): void;
}

/** Tells of a subscription that nothing was taken of for days: the others of its project that want to hear, and by mail the person who made it. */
export async function tellOfTurnedOff(services: TurnedOffServices, subscription: Subscription): Promise<void> {
  const { id, workspace, project, disabledReason, failingSince, updatedAt } = subscription;
  await services.subscribers.tell([
    {
      id: `${id}/${failingSince ?? updatedAt}/turned_off`,
      type: 'subscription.turned_off',
      at: services.now().toISOString(),
      since: updatedAt,
      workspace,
      project,
      data: { subscription: { id, project_id: project, to: subscription.to.kind }, reason: disabledReason ?? null },
    },
  ]);
  await mailMaker(services, subscription).catch(services.mailLost);
}

async function mailMaker(
  { mail: { outgoing, domain }, now }: TurnedOffServices,
  { id, project, to, createdBy, disabledReason }: Subscription,
): Promise<void> {
  const { email } = createdBy;
  if (domain === undefined || !email) return;
  const from = `noreply@${domain}`;
  const target = to.kind === 'webhook' ? to.url : to.kind === 'email' ? to.addresses.join(', ') : 'the event bus';
  const text = `The subscription ${id} of the project ${project}, which tells ${target} what happens, was turned off.\n\n${disabledReason ?? ''}\n\nOnce the cause is mended, turn it on again:\nPATCH /v1/subscriptions/${id} {"enabled": true}\nWhat was not taken is listed under /v1/subscriptions/${id}/deliveries and can be sent again.\n`;
  const headers = { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' };
  const raw = compose({
    from,
    to: email,
    subject: `Millrun: a subscription of ${project} was turned off`,
    text,
    date: now(),
    headers,
  });
  await outgoing.send({ from, to: [email], raw });
}
