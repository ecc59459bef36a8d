import * as z from 'zod';
import { replyServices } from '../../shared/aws/mail-door.ts';
import { background } from '../../shared/observe.ts';
import { sendResults } from '../../shared/trigger/mail/reply.ts';

/** Tells senders how the runs have ended that their mails have started. */
export const handler = background(z.unknown(), (_, services) => sendResults(services), replyServices);
