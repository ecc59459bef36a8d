import * as z from 'zod';
import { background } from '../../shared/aws/observe.ts';
import { sendResults } from '../../shared/trigger/email/reply.ts';
import { replyServices } from '../adapters.ts';

/** Tells senders how the runs have ended that their mails have started. */
export const handler = background(z.unknown(), (_, services) => sendResults(services), replyServices);
