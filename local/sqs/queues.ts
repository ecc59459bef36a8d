import { createHash, randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { AwsError } from '../aws/aws-error.ts';
import type { JsonOperations } from '../aws/json-protocol.ts';
import type { Stack } from '../cloudformation/stack.ts';
import { type DeclaredQueue, declaredQueues, queueNameOf } from './declared.ts';

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS messages (
    id TEXT PRIMARY KEY, queue TEXT NOT NULL, body TEXT NOT NULL, attributes TEXT NOT NULL, sentMs INTEGER NOT NULL,
    visibleMs INTEGER NOT NULL, received INTEGER NOT NULL, receipt TEXT
  );
  CREATE INDEX IF NOT EXISTS byQueue ON messages (queue, sentMs);
`;

const row = z.object({ id: z.string(), body: z.string(), attributes: z.string(), sentMs: z.number(), received: z.number() });
const ofQueue = z.object({ QueueUrl: z.string() });
const byName = z.object({ QueueName: z.string() });
const receive = ofQueue.extend({
  MaxNumberOfMessages: z.int().min(1).max(10).default(1),
  VisibilityTimeout: z.int().min(0).max(43_200).optional(),
});
const messageAttributes = z.record(z.string(), z.union([z.string(), z.number()]));
type MessageAttributes = z.infer<typeof messageAttributes>;
const oneMessage = ofQueue.extend({ ReceiptHandle: z.string() });

/** SQS for the queues of the stack, which hold dead letters: those are sent from within, and looked at and removed from outside. */
export class Queues {
  readonly #queues: readonly DeclaredQueue[];
  readonly #database: DatabaseSync;

  constructor(stack: Stack, path: string) {
    this.#queues = declaredQueues(stack);
    this.#database = new DatabaseSync(path);
    this.#database.exec(SCHEMA);
  }

  close(): void {
    this.#database.close();
  }

  has(queueArn: string): boolean {
    return this.#queues.some((queue) => queue.arn === queueArn);
  }

  /** Written down when this returns. What is older than its queue keeps messages goes. */
  send(queueArn: string, body: string, attributes: MessageAttributes): void {
    const queue = this.#queues.find((one) => one.arn === queueArn);
    if (!queue) throw new AwsError('QueueDoesNotExist', `${queueArn} is no queue of this stack.`);
    const now = Date.now();
    this.#database
      .prepare('DELETE FROM messages WHERE queue = ? AND sentMs < ?')
      .run(queue.name, now - queue.retentionSeconds * 1000);
    this.#database
      .prepare('INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, 0, NULL)')
      .run(randomUUID(), queue.name, body, JSON.stringify(attributes), now, now);
  }

  get operations(): JsonOperations {
    return {
      ListQueues: () => ({ QueueUrls: this.#queues.map(({ url }) => url) }),
      GetQueueUrl: (input) => ({ QueueUrl: this.#named(byName.parse(input).QueueName).url }),
      GetQueueAttributes: (input) => this.#attributes(this.#at(ofQueue.parse(input).QueueUrl)),
      ReceiveMessage: (input) => this.#receive(receive.parse(input)),
      DeleteMessage: (input) => {
        const { QueueUrl, ReceiptHandle } = oneMessage.parse(input);
        this.#database
          .prepare('DELETE FROM messages WHERE queue = ? AND receipt = ?')
          .run(this.#at(QueueUrl).name, ReceiptHandle);
      },
      PurgeQueue: (input) => {
        this.#database.prepare('DELETE FROM messages WHERE queue = ?').run(this.#at(ofQueue.parse(input).QueueUrl).name);
      },
    };
  }

  #receive({ QueueUrl, MaxNumberOfMessages, VisibilityTimeout }: z.infer<typeof receive>): unknown {
    const { name, visibilitySeconds } = this.#at(QueueUrl);
    const now = Date.now();
    const found = this.#database
      .prepare('SELECT * FROM messages WHERE queue = ? AND visibleMs <= ? ORDER BY sentMs LIMIT ?')
      .all(name, now, MaxNumberOfMessages)
      .map((one) => row.parse(one));
    const visibleMs = now + (VisibilityTimeout ?? visibilitySeconds) * 1000;
    return { Messages: found.map((message) => this.#handOut(message, visibleMs)) };
  }

  #handOut({ id, body, attributes, sentMs, received }: z.infer<typeof row>, visibleMs: number): unknown {
    const receipt = randomUUID();
    this.#database
      .prepare('UPDATE messages SET visibleMs = ?, received = received + 1, receipt = ? WHERE id = ?')
      .run(visibleMs, receipt, id);
    const named = messageAttributes.parse(JSON.parse(attributes));
    return {
      MessageId: id,
      ReceiptHandle: receipt,
      Body: body,
      MD5OfBody: createHash('md5').update(body).digest('hex'),
      Attributes: { SentTimestamp: String(sentMs), ApproximateReceiveCount: String(received + 1) },
      MessageAttributes: Object.fromEntries(
        Object.entries(named).map(([name, value]) => [
          name,
          { DataType: typeof value === 'number' ? 'Number' : 'String', StringValue: String(value) },
        ]),
      ),
    };
  }

  #attributes({ name, arn }: DeclaredQueue): unknown {
    const { count } = z
      .object({ count: z.number() })
      .parse(this.#database.prepare('SELECT count(*) AS count FROM messages WHERE queue = ?').get(name));
    return { Attributes: { QueueArn: arn, ApproximateNumberOfMessages: String(count) } };
  }

  #at(url: string): DeclaredQueue {
    return this.#named(queueNameOf(url));
  }

  #named(name: string): DeclaredQueue {
    const found = this.#queues.find((queue) => queue.name === name);
    if (!found) throw new AwsError('com.amazonaws.sqs#QueueDoesNotExist', `There is no queue ${name} in this stack.`);
    return found;
  }
}
