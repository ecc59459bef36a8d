import * as z from 'zod';
import { background } from '../../shared/aws/observe.ts';
import { sendDueMails, sendMailsOf, type TaskMailServices } from '../../shared/task/send-task-mails.ts';
import { taskIdIn } from '../../shared/task/task.dynamo.ts';
import { taskMailServices } from '../adapters.ts';

/** Enough to end what has been begun. */
const RESERVE_MS = 15_000;

const key = z.object({ S: z.string() });
/** Tasks that have just been opened; nothing of that when it is time to look. */
const event = z.object({
  Records: z.array(z.object({ dynamodb: z.object({ Keys: z.object({ pk: key, sk: key }) }) })).default([]),
});

/** Tells people by mail what they are asked: as soon as they are, and from minute to minute whatever was left over, and who is to be reminded. */
export async function sendTaskMails({ Records }: z.infer<typeof event>, services: TaskMailServices, hasTime: () => boolean) {
  if (Records.length === 0) return sendDueMails(services, hasTime);
  return sendMailsOf(
    services,
    Records.flatMap(({ dynamodb }) => taskIdIn(dynamodb.Keys) ?? []),
  );
}

export const handler = background(
  event,
  async (records, services, context) => {
    await sendTaskMails(records, services, () => context.getRemainingTimeInMillis() > RESERVE_MS);
  },
  taskMailServices,
);
