import * as z from 'zod';
import { background, logger } from '../../shared/aws/observe.ts';
import { arrivalOf, sesRecord } from '../../shared/trigger/email/arrival.ts';
import type { EmailServices } from '../../shared/trigger/email/ports.ts';
import { knows, noteRefused, noteUndelivered, receiveMail, refusedMail } from '../../shared/trigger/email/receive-mail.ts';
import { emailServices } from '../adapters.ts';

const received = z.object({ Records: z.array(sesRecord).min(1) });

/**
 * A mail that SES has stored; or, from a mail server that can still say no, its question who there is and its word of what it took from nobody:
 * docs/decisions/009-ask-the-function-before-saying-550.md; or, from a queue, the mail that it gives up.
 */
const event = z.union([
  received,
  z.object({ undelivered: received, reason: z.string() }),
  z.object({ question: z.literal('recipient'), recipient: z.string() }),
  z.object({ refused: refusedMail }),
]);

export async function takeMail(given: z.infer<typeof event>, services: EmailServices) {
  if ('question' in given) return { known: await knows(services, given.recipient) };
  if ('refused' in given) {
    await noteRefused(services, given.refused);
    return null;
  }
  if ('undelivered' in given) {
    for (const record of given.undelivered.Records) await noteUndelivered(services, arrivalOf(record), given.reason);
    return null;
  }
  for (const record of given.Records) {
    const arrival = arrivalOf(record);
    const { deliveries, unknown } = await receiveMail(services, arrival);
    for (const recipient of unknown) logger.warn('mail to nobody', { recipient, mail: arrival.messageId });
    logger.info('mail', { mail: arrival.messageId, outcomes: deliveries.map(({ id, outcome }) => ({ id, outcome })) });
  }
  return null;
}

export const handler = background(event, takeMail, emailServices);
