import * as z from 'zod';
import type { Message } from './message.ts';

/** What Lambda says of a message of SQS. */
export const sqsRecord = z.object({
  messageId: z.string(),
  body: z.string(),
  eventSourceARN: z.string(),
  attributes: z.object({ SentTimestamp: z.string(), MessageGroupId: z.string().optional() }),
  messageAttributes: z
    .record(z.string(), z.object({ stringValue: z.string().nullish(), binaryValue: z.string().nullish() }))
    .default({}),
});
export type SqsRecord = z.infer<typeof sqsRecord>;

/** Attributes are texts; those that are bytes are in base64. */
export function messageOf({ messageId, body, eventSourceARN, attributes, messageAttributes }: SqsRecord): Message {
  const from = eventSourceARN.split(':').at(-1) ?? '';
  const { SentTimestamp, MessageGroupId } = attributes;
  return {
    id: messageId,
    from,
    body: body.toWellFormed(),
    attributes: Object.fromEntries(
      Object.entries(messageAttributes).map(([name, { stringValue, binaryValue }]) => [name, stringValue ?? binaryValue ?? '']),
    ),
    sentAt: new Date(Number(SentTimestamp)).toISOString(),
    // A standard queue may have groups too, which share it out fairly and order nothing.
    ...(from.endsWith('.fifo') && MessageGroupId !== undefined && { groupId: MessageGroupId }),
  };
}
