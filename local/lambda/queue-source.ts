import * as z from 'zod';
import { REGION } from '../aws/account.ts';
import { shownError } from '../disk.ts';
import { md5 } from '../sqs/messages.ts';
import type { Queues, Received } from '../sqs/queues.ts';
import type { QueueMapping } from './queue-mappings.ts';

/** Lambda begins with five calls at a time. */
const MOST_CALLS = 5;
/** What has been hidden and comes again is seen by nobody's sending. */
const LOOK_EVERY_MS = 500;
/** What a call carries, with room for what surrounds the messages. */
const MOST_BYTES = 4 * 1024 * 1024;

const answer = z.object({ batchItemFailures: z.array(z.object({ itemIdentifier: z.string() })).default([]) }).nullable();

export interface QueueSourceParts {
  mapping: QueueMapping;
  queues: Queues;
  invoke: (event: unknown) => Promise<unknown>;
}

/** Takes messages of a queue to a function and removes those that it has dealt with, as Lambda does; the others come again when they are visible again. */
export class QueueSource {
  readonly #parts: QueueSourceParts;
  #calls = 0;
  #open = true;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: QueueSourceParts) {
    this.#parts = parts;
  }

  start(): void {
    const { queues, mapping } = this.#parts;
    // The process that was dealing with them is no more.
    queues.release(mapping.queueArn);
    queues.onSend(mapping.queueArn, () => setImmediate(() => this.#look()));
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS).unref();
    this.#look();
  }

  close(): void {
    this.#open = false;
    clearInterval(this.#timer);
  }

  #look(): void {
    const { queues, mapping } = this.#parts;
    while (this.#open && this.#calls < MOST_CALLS) {
      const taken = queues.take(mapping.queueArn, mapping.batchSize);
      if (taken.length === 0) return;
      for (const batch of batchesOf(taken)) void this.#call(batch);
    }
  }

  async #call(messages: Received[]): Promise<void> {
    const { queues, mapping, invoke } = this.#parts;
    this.#calls += 1;
    try {
      const event = { Records: messages.map((message) => recordOf(message, mapping.queueArn)) };
      const found = answer.parse(await invoke(event));
      const failed = new Set(mapping.reportsFailures ? found?.batchItemFailures.map((one) => one.itemIdentifier) : []);
      const known = new Set(messages.map(({ id }) => id));
      // As on AWS: an answer that names what was not asked for is a failure of the whole batch.
      const isSound = [...failed].every((id) => known.has(id));
      if (isSound && this.#open)
        for (const { id, receipt } of messages) if (!failed.has(id)) queues.remove(mapping.queueArn, receipt);
    } catch (error) {
      if (this.#open) console.error(`${mapping.id} could not take messages to its function:`, shownError(error));
    }
    this.#calls -= 1;
    setImmediate(() => this.#look());
  }
}

/** So that each fits into a call. */
function batchesOf(messages: Received[]): Received[][] {
  const batches: Received[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const message of messages) {
    const size = Buffer.byteLength(JSON.stringify(message));
    if (bytes + size > MOST_BYTES) {
      batches.push([]);
      bytes = 0;
    }
    bytes += size;
    batches.at(-1)?.push(message);
  }
  return batches;
}

const recordOf = ({ id, receipt, body, sentMs, receives, groupId, attributes }: Received, queueArn: string) => ({
  messageId: id,
  receiptHandle: receipt,
  body,
  attributes: {
    ApproximateReceiveCount: String(receives),
    SentTimestamp: String(sentMs),
    ...(groupId !== undefined && { MessageGroupId: groupId }),
  },
  messageAttributes: Object.fromEntries(
    Object.entries(attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
      name,
      {
        dataType: DataType,
        stringListValues: [],
        binaryListValues: [],
        ...(StringValue !== undefined && { stringValue: StringValue }),
        ...(BinaryValue !== undefined && { binaryValue: BinaryValue }),
      },
    ]),
  ),
  md5OfBody: md5(body),
  eventSource: 'aws:sqs',
  eventSourceARN: queueArn,
  awsRegion: REGION,
});
