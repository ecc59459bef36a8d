import { createHash } from 'node:crypto';
import * as z from 'zod';
import { AwsError } from '../aws/aws-error.ts';
import type { DeclaredQueue } from './declared.ts';

const attribute = z.strictObject({
  DataType: z.string().regex(/^(String|Number|Binary)(\..+)?$/, 'must be String, Number or Binary'),
  StringValue: z.string().min(1).optional(),
  BinaryValue: z.string().optional(),
});
export const messageAttributes = z.record(z.string().regex(/^[\w.-]{1,256}$/), attribute);
export type MessageAttributes = z.infer<typeof messageAttributes>;

export const sent = z.object({
  MessageBody: z.string().min(1),
  MessageAttributes: messageAttributes.default({}),
  MessageGroupId: z.string().min(1).max(128).optional(),
  MessageDeduplicationId: z.string().min(1).max(128).optional(),
  DelaySeconds: z.int().min(0).max(900).default(0),
});
export type Sent = z.infer<typeof sent>;

const MOST_BYTES = 1024 * 1024;
const MOST_ATTRIBUTES = 10;
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
const ALLOWED = /^[\u0009\u000a\u000d\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;

/** Refuses what SQS does not take. */
export function checkSent(queue: DeclaredQueue, message: Sent): void {
  const { MessageBody, MessageAttributes, MessageGroupId, MessageDeduplicationId, DelaySeconds } = message;
  if (!ALLOWED.test(MessageBody))
    throw new AwsError('com.amazonaws.sqs#InvalidMessageContents', 'The message holds a character that is not allowed.');
  if (Object.keys(MessageAttributes).length > MOST_ATTRIBUTES)
    throw new AwsError('InvalidParameterValue', `A message has ${MOST_ATTRIBUTES} attributes at most.`);
  if (bytesOf(message) > MOST_BYTES)
    throw new AwsError(
      'InvalidParameterValue',
      `One or more parameters are invalid. Reason: Message must be shorter than ${MOST_BYTES} bytes.`,
    );
  if (!queue.isFifo) return;
  if (MessageGroupId === undefined)
    throw new AwsError('MissingParameter', 'The request must contain the parameter MessageGroupId.');
  if (MessageDeduplicationId === undefined && !queue.byContent)
    throw new AwsError(
      'InvalidParameterValue',
      'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
    );
  if (DelaySeconds > 0) throw new AwsError('InvalidParameterValue', 'Messages of a FIFO queue cannot be delayed one by one.');
}

const bytesOf = ({ MessageBody, MessageAttributes }: Sent) =>
  Object.entries(MessageAttributes).reduce(
    (sum, [name, { DataType, StringValue = '', BinaryValue = '' }]) =>
      sum + Buffer.byteLength(name + DataType + StringValue) + Buffer.from(BinaryValue, 'base64').length,
    Buffer.byteLength(MessageBody),
  );

export const md5 = (text: string | Buffer) => createHash('md5').update(text).digest('hex');

/** By the rule by which SDK clients check it: names in order, each part with its length before it. */
export function md5OfAttributes(attributes: MessageAttributes): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const parts = names.flatMap((name) => {
    const { DataType, StringValue, BinaryValue } = attributes[name] ?? { DataType: 'String' };
    const isBinary = DataType.startsWith('Binary');
    const value = isBinary ? Buffer.from(BinaryValue ?? '', 'base64') : Buffer.from(StringValue ?? '');
    return [...sized(Buffer.from(name)), ...sized(Buffer.from(DataType)), Buffer.of(isBinary ? 2 : 1), ...sized(value)];
  });
  return md5(Buffer.concat(parts));
}

function sized(value: Buffer): Buffer[] {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(value.length);
  return [length, value];
}

/** What dead letters say of themselves, as attributes. */
export const attributesOf = (named: Record<string, string | number>): MessageAttributes =>
  Object.fromEntries(
    Object.entries(named).map(([name, value]) => [
      name,
      { DataType: typeof value === 'number' ? 'Number' : 'String', StringValue: String(value) },
    ]),
  );
