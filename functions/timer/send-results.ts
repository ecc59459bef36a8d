import * as z from 'zod';
import { background } from '../../shared/aws/observe.ts';
import { sendResults } from '../../shared/trigger/email/reply.ts';
import { replyServices } from '../adapters.ts';

/** Enough to end what has been begun. */
const RESERVE_MS = 15_000;

/** Tells senders how the runs have ended that their mails have started. */
export const handler = background(
  z.unknown(),
  (_, services, context) => sendResults(services, () => context.getRemainingTimeInMillis() > RESERVE_MS),
  replyServices,
);
