import * as z from 'zod';
import { OWN_SIGNATURE } from '../../local/aws/unsigned.ts';
import type { Cloud } from '../../local/cloud.ts';

const attribute = z.object({ DataType: z.string(), StringValue: z.string() });
const message = z.object({
  Body: z.string(),
  ReceiptHandle: z.string(),
  MessageAttributes: z.record(z.string(), attribute),
});

/** One call of SQS at the AWS port, as functions of this process sign it. */
export async function sqs(cloud: Cloud, operation: string, input: object): Promise<{ status: number; body: unknown }> {
  const credential = 'Credential=a/20260101/us-east-1/sqs/aws4_request';
  const response = await fetch(cloud.cloudUrl, {
    method: 'POST',
    headers: {
      'x-amz-target': `AmazonSQS.${operation}`,
      'content-type': 'application/x-amz-json-1.0',
      authorization: `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=host, Signature=${OWN_SIGNATURE}`,
    },
    body: JSON.stringify(input),
  });
  return { status: response.status, body: await response.json() };
}

/** What lies in the queue of the stack whose name holds `name`; it stays there, to be seen again at once. */
export async function deadLetters(cloud: Cloud, name: string): Promise<z.infer<typeof message>[]> {
  const { QueueUrls } = z.object({ QueueUrls: z.array(z.string()) }).parse((await sqs(cloud, 'ListQueues', {})).body);
  const QueueUrl = QueueUrls.find((url) => url.includes(name));
  const answer = await sqs(cloud, 'ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0 });
  return z.object({ Messages: z.array(message) }).parse(answer.body).Messages;
}
