import * as z from 'zod';
import { background, logger } from '../../shared/aws/observe.ts';
import { type CanaryServices, sendCanary } from '../../shared/trigger/email/canary.ts';
import { canaryServices } from '../adapters.ts';

const WAIT_MS = 4 * 60_000;

const tick = z.object({ workspace: z.string(), project: z.string() });

/** Fails when the mail does not come back, so that its alarm goes off. */
export async function sendScheduledCanary(owner: z.infer<typeof tick>, services: CanaryServices): Promise<void> {
  const canary = await sendCanary(services, owner, WAIT_MS);
  if (canary.runId === undefined)
    throw new Error(`The mail ${canary.id} to ${canary.address} has started no run in ${WAIT_MS / 60_000} minutes.`);
  logger.info('canary', { ...canary });
}

export const handler = background(tick, sendScheduledCanary, canaryServices);
