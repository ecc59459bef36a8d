import type { Actor } from '../kernel/actor.ts';
import { newId } from '../kernel/id.ts';
import { Problem } from '../kernel/problem.ts';
import type { Seals } from '../kernel/seals.ts';
import { newSigningSecret } from './signature.ts';
import type { Subscription, Subscriptions } from './subscription.ts';

export interface SubscriptionServices {
  subscriptions: Subscriptions;
  seals: Pick<Seals, 'seal'>;
  /** Whether the installation sends mail. */
  hasMail: boolean;
  now: () => Date;
}

/** More would make every event of the workspace slow to tell. */
const MOST = 100;

export type SubscriptionChoices = Pick<Subscription, 'events' | 'filter' | 'to' | 'enabled'>;

/** Makes a subscription; the secret of a webhook is shown this once. Throws `conflict` when the workspace has too many. */
export async function createSubscription(
  { subscriptions, seals, now, hasMail }: SubscriptionServices,
  owner: { workspace: string; project: string; actor: Actor },
  choices: SubscriptionChoices,
): Promise<{ subscription: Subscription; secret: string | undefined }> {
  check(choices, hasMail);
  const { items } = await subscriptions.list(owner.workspace, { limit: MOST });
  if (items.length === MOST)
    throw new Problem('conflict', `The workspace has ${MOST} subscriptions, which is as many as there can be. Delete one first.`);
  const at = now();
  const id = newId(at.getTime());
  const secret = choices.to.kind === 'webhook' ? newSigningSecret() : undefined;
  const subscription: Subscription = {
    ...choices,
    id,
    workspace: owner.workspace,
    project: owner.project,
    ...(secret !== undefined && { secret: await seals.seal(secret, { subscription: id }) }),
    createdAt: at.toISOString(),
    createdBy: owner.actor,
    updatedAt: at.toISOString(),
  };
  await subscriptions.create(subscription);
  return { subscription, secret };
}

/** Changes one; turned on again it is as if nothing had been refused. Throws `conflict` when somebody else has changed it meanwhile, or it is to go elsewhere. */
export async function changeSubscription(
  { subscriptions, now, hasMail }: Pick<SubscriptionServices, 'subscriptions' | 'now' | 'hasMail'>,
  seen: Subscription,
  change: { [K in keyof SubscriptionChoices]?: SubscriptionChoices[K] | undefined },
): Promise<Subscription> {
  if (change.to && change.to.kind !== seen.to.kind)
    throw new Problem('conflict', `This subscription tells a ${seen.to.kind}. Make another one for a ${change.to.kind}.`);
  const { failingSince: _, disabledReason: __, ...rest } = seen;
  const chosen = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  const at = now().toISOString();
  const updatedAt = at > seen.updatedAt ? at : new Date(Date.parse(seen.updatedAt) + 1).toISOString();
  const next: Subscription = { ...(change.enabled === true || change.to ? rest : seen), ...chosen, updatedAt };
  check(next, hasMail);
  if (await subscriptions.replace(seen, next)) return next;
  throw new Problem('conflict', 'The subscription has been changed by somebody else meanwhile. Read it again.');
}

/** Refuses by name what could not be told. */
function check({ events, to }: Pick<Subscription, 'events' | 'to'>, hasMail: boolean): void {
  if (to.kind === 'email' && !hasMail)
    throw new Problem('invalid', 'This installation sends no mail: the setting mailDomain says from where.', [
      { name: 'to.email', value: 'no mail is sent' },
    ]);
  if (to.kind === 'event_bus' && events.includes('event.emitted'))
    throw new Problem('invalid', 'What steps emit is on the event bus already.', [{ name: 'events', value: 'event.emitted' }]);
}
