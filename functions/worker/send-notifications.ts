import * as z from 'zod';
import { eventBridge } from '../../shared/aws/clients.ts';
import { background, logger } from '../../shared/aws/observe.ts';
import { EventBridgeBus } from '../../shared/executor/emit/bus.eventbridge.ts';
import { openNetwork } from '../../shared/executor/http/agents.ts';
import { sendsTo } from '../../shared/executor/notify/notify.ts';
import { tellOfTurnedOff } from '../../shared/executor/notify/turned-off.ts';
import * as env from '../../shared/kernel/env.ts';
import { notificationIn } from '../../shared/subscription/notification.dynamo.ts';
import { type SendServices, sendDue, sendThese } from '../../shared/subscription/send-notifications.ts';
import { notifications, now, ownMail, seals, subscribers, subscriptions } from '../adapters.ts';

const mailLost = (error: unknown) => logger.warn('nobody was told by mail that a subscription was turned off', { error });

/** Enough to end what has been begun. */
const RESERVE_MS = 20_000;

const key = z.object({ S: z.string() });
/** What has just been written down; nothing of that when it is time to look. */
const event = z.object({
  Records: z.array(z.object({ dynamodb: z.object({ Keys: z.object({ pk: key, sk: key }) }) })).default([]),
});

/** Tells subscribers what has happened: as soon as it is written down, and from minute to minute whatever is due again. */
export const handler = background(
  event,
  async ({ Records }, services, { getRemainingTimeInMillis }) => {
    if (Records.length === 0) return sendDue(services, () => getRemainingTimeInMillis() > RESERVE_MS);
    return sendThese(
      services,
      Records.flatMap(({ dynamodb }) => notificationIn(dynamodb.Keys) ?? []),
    );
  },
  () => sendServices(now),
);

/** What sending works with, by a clock. */
export function sendServices(now: () => Date): SendServices {
  return {
    subscriptions: subscriptions(),
    notifications: notifications(),
    send: sendsTo({
      network: openNetwork(env.stepNetwork()),
      seals: seals(),
      bus: new EventBridgeBus(eventBridge, env.eventBusArn),
      mail: ownMail(),
      consoleUrl: env.apiUrl(),
      now,
    }),
    now,
    random: Math.random,
    turnedOff: async (subscription) => {
      const { id, workspace, disabledReason } = subscription;
      logger.warn('a subscription was turned off', { subscription: id, workspace, reason: disabledReason });
      await tellOfTurnedOff({ subscribers: subscribers(), mail: ownMail(), now, mailLost }, subscription);
    },
  };
}
