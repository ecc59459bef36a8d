import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';
import { AwsError, asAwsError } from '../aws/aws-error.ts';
import type { JsonOperations } from '../aws/json-protocol.ts';
import type { Stack } from '../cloudformation/stack.ts';
import { type DeclaredQueue, declaredQueues, queueNameOf } from './declared.ts';
import {
  attributesOf,
  checkSent,
  type MessageAttributes,
  md5,
  md5OfAttributes,
  messageAttributes,
  type Sent,
  sent,
} from './messages.ts';

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS messages (
    id TEXT PRIMARY KEY, queue TEXT NOT NULL, body TEXT NOT NULL, attributes TEXT NOT NULL, sentMs INTEGER NOT NULL,
    visibleMs INTEGER NOT NULL, received INTEGER NOT NULL, receipt TEXT
  );
  CREATE INDEX IF NOT EXISTS byQueue ON messages (queue, sentMs);
  CREATE TABLE IF NOT EXISTS groups (id TEXT PRIMARY KEY, queue TEXT NOT NULL, name TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS deduplications (
    queue TEXT NOT NULL, name TEXT NOT NULL, id TEXT NOT NULL, sentMs INTEGER NOT NULL, PRIMARY KEY (queue, name)
  );
`;

/** For so long a FIFO queue knows a message again. */
const DEDUPLICATION_MS = 5 * 60_000;

const row = z.object({
  id: z.string(),
  body: z.string(),
  attributes: z.string(),
  sentMs: z.number(),
  received: z.number(),
  groupId: z.string().nullable(),
});
type Row = z.infer<typeof row>;
const ofQueue = z.object({ QueueUrl: z.string() });
const byName = z.object({ QueueName: z.string() });
const receive = ofQueue.extend({
  MaxNumberOfMessages: z.int().min(1).max(10).default(1),
  VisibilityTimeout: z.int().min(0).max(43_200).optional(),
});
const oneMessage = ofQueue.extend({ ReceiptHandle: z.string() });
const batch = ofQueue.extend({
  Entries: z
    .array(sent.extend({ Id: z.string() }))
    .min(1)
    .max(10),
});
const storedAttributes = z.union([
  messageAttributes,
  z.record(z.string(), z.union([z.string(), z.number()])).transform(attributesOf),
]);

/** A message that somebody is dealing with. */
export interface Received {
  id: string;
  receipt: string;
  body: string;
  sentMs: number;
  /** This time included. */
  receives: number;
  groupId: string | undefined;
  attributes: MessageAttributes;
}

/** SQS for the queues of the stack. */
export class Queues {
  readonly #queues: readonly DeclaredQueue[];
  readonly #database: DatabaseSync;
  readonly #listeners = new Map<string, () => void>();

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

  /** Written down when this returns. */
  send(queueArn: string, body: string, attributes: Record<string, string | number>): void {
    this.#add(this.#ofArn(queueArn), { MessageBody: body, MessageAttributes: attributesOf(attributes), DelaySeconds: 0 });
  }

  /** Calls when there is a new message. */
  onSend(queueArn: string, listener: () => void): void {
    this.#listeners.set(queueArn, listener);
  }

  /** Up to `limit` messages that nobody is dealing with, oldest first, those of one group after one another; the others of their groups wait. */
  take(queueArn: string, limit: number, visibilitySeconds?: number): Received[] {
    const queue = this.#ofArn(queueArn);
    const now = Date.now();
    this.#buryFailed(queue, now);
    const found = this.#database
      .prepare(
        `SELECT messages.*, groups.name AS groupId FROM messages LEFT JOIN groups ON groups.id = messages.id
         WHERE messages.queue = ? AND visibleMs <= ? AND (groups.name IS NULL OR groups.name NOT IN (
           SELECT g.name FROM groups g JOIN messages m ON m.id = g.id WHERE m.queue = ? AND m.visibleMs > ?))
         ORDER BY messages.rowid LIMIT ?`,
      )
      .all(queue.name, now, queue.name, now, limit)
      .map((one) => row.parse(one));
    const visibleMs = now + (visibilitySeconds ?? queue.visibilitySeconds) * 1000;
    return found.map((message) => this.#handOut(message, visibleMs));
  }

  /** It is dealt with. */
  remove(queueArn: string, receipt: string): void {
    const { name } = this.#ofArn(queueArn);
    this.#database
      .prepare('DELETE FROM groups WHERE id = (SELECT id FROM messages WHERE queue = ? AND receipt = ?)')
      .run(name, receipt);
    this.#database.prepare('DELETE FROM messages WHERE queue = ? AND receipt = ?').run(name, receipt);
  }

  /** Whoever was dealing with messages has gone. */
  release(queueArn: string): void {
    const now = Date.now();
    this.#database
      .prepare('UPDATE messages SET visibleMs = ? WHERE queue = ? AND received > 0 AND visibleMs > ?')
      .run(now, this.#ofArn(queueArn).name, now);
  }

  get operations(): JsonOperations {
    return {
      ListQueues: () => ({ QueueUrls: this.#queues.map(({ url }) => url) }),
      GetQueueUrl: (input) => ({ QueueUrl: this.#named(byName.parse(input).QueueName).url }),
      GetQueueAttributes: (input) => this.#attributes(this.#at(ofQueue.parse(input).QueueUrl)),
      SendMessage: (input) => {
        const { QueueUrl, ...message } = ofQueue.extend(sent.shape).parse(input);
        return this.#accept(this.#at(QueueUrl), message);
      },
      SendMessageBatch: (input) => this.#acceptAll(batch.parse(input)),
      ReceiveMessage: (input) => this.#receive(receive.parse(input)),
      ChangeMessageVisibility: (input) => {
        const { QueueUrl, ReceiptHandle, VisibilityTimeout } = oneMessage
          .extend({ VisibilityTimeout: z.int().min(0).max(43_200) })
          .parse(input);
        this.#database
          .prepare('UPDATE messages SET visibleMs = ? WHERE queue = ? AND receipt = ?')
          .run(Date.now() + VisibilityTimeout * 1000, this.#at(QueueUrl).name, ReceiptHandle);
      },
      DeleteMessage: (input) => {
        const { QueueUrl, ReceiptHandle } = oneMessage.parse(input);
        this.remove(this.#at(QueueUrl).arn, ReceiptHandle);
      },
      PurgeQueue: (input) => {
        const { name } = this.#at(ofQueue.parse(input).QueueUrl);
        this.#database.prepare('DELETE FROM messages WHERE queue = ?').run(name);
        this.#database.prepare('DELETE FROM groups WHERE queue = ?').run(name);
      },
    };
  }

  #accept(queue: DeclaredQueue, message: Sent) {
    checkSent(queue, message);
    const name = queue.isFifo ? (message.MessageDeduplicationId ?? md5(message.MessageBody)) : undefined;
    const id = (name !== undefined && this.#sentBefore(queue, name)) || this.#add(queue, message, name);
    return {
      MessageId: id,
      MD5OfMessageBody: md5(message.MessageBody),
      MD5OfMessageAttributes: md5OfAttributes(message.MessageAttributes),
    };
  }

  #acceptAll({ QueueUrl, Entries }: z.infer<typeof batch>) {
    const queue = this.#at(QueueUrl);
    if (new Set(Entries.map(({ Id }) => Id)).size < Entries.length)
      throw new AwsError('com.amazonaws.sqs#BatchEntryIdsNotDistinct', 'Two entries have the same Id.');
    const results = Entries.map(({ Id, ...message }) => {
      try {
        return { Id, taken: this.#accept(queue, message) };
      } catch (error) {
        const { name, message: Message } = asAwsError(error, 'InternalError');
        return { Id, fault: { Code: name, Message, SenderFault: true } };
      }
    });
    return {
      Successful: results.flatMap(({ Id, taken }) => (taken ? [{ Id, ...taken }] : [])),
      Failed: results.flatMap(({ Id, fault }) => (fault ? [{ Id, ...fault }] : [])),
    };
  }

  #sentBefore(queue: DeclaredQueue, name: string): string | undefined {
    const found = this.#database
      .prepare('SELECT id FROM deduplications WHERE queue = ? AND name = ? AND sentMs > ?')
      .get(queue.name, name, Date.now() - DEDUPLICATION_MS);
    return found && z.object({ id: z.string() }).parse(found).id;
  }

  /** Written down when this returns. What is older than its queue keeps messages goes. */
  #add(
    queue: DeclaredQueue,
    { MessageBody, MessageAttributes, MessageGroupId, DelaySeconds }: Sent,
    deduplication?: string,
  ): string {
    const id = randomUUID();
    const now = Date.now();
    this.#database.exec('BEGIN');
    try {
      this.#forget(queue, now);
      this.#database
        .prepare('INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, 0, NULL)')
        .run(id, queue.name, MessageBody, JSON.stringify(MessageAttributes), now, now + DelaySeconds * 1000);
      if (queue.isFifo) this.#database.prepare('INSERT INTO groups VALUES (?, ?, ?)').run(id, queue.name, MessageGroupId ?? id);
      if (deduplication !== undefined)
        this.#database
          .prepare('INSERT OR REPLACE INTO deduplications VALUES (?, ?, ?, ?)')
          .run(queue.name, deduplication, id, now);
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
    this.#listeners.get(queue.arn)?.();
    return id;
  }

  #forget({ name, retentionSeconds }: DeclaredQueue, now: number): void {
    const before = now - retentionSeconds * 1000;
    this.#database
      .prepare('DELETE FROM groups WHERE id IN (SELECT id FROM messages WHERE queue = ? AND sentMs < ?)')
      .run(name, before);
    this.#database.prepare('DELETE FROM messages WHERE queue = ? AND sentMs < ?').run(name, before);
    this.#database.prepare('DELETE FROM deduplications WHERE sentMs < ?').run(now - DEDUPLICATION_MS);
  }

  /** What was received too often goes to the dead letters as it is. */
  #buryFailed({ name, redrive }: DeclaredQueue, now: number): void {
    if (!redrive) return;
    const dead = this.#ofArn(redrive.arn).name;
    const failed = 'SELECT id FROM messages WHERE queue = ? AND visibleMs <= ? AND received >= ?';
    this.#database.prepare(`UPDATE groups SET queue = ? WHERE id IN (${failed})`).run(dead, name, now, redrive.maxReceives);
    this.#database
      .prepare('UPDATE messages SET queue = ?, received = 0 WHERE queue = ? AND visibleMs <= ? AND received >= ?')
      .run(dead, name, now, redrive.maxReceives);
  }

  #receive({ QueueUrl, MaxNumberOfMessages, VisibilityTimeout }: z.infer<typeof receive>): unknown {
    const taken = this.take(this.#at(QueueUrl).arn, MaxNumberOfMessages, VisibilityTimeout);
    return {
      Messages: taken.map(({ id, receipt, body, sentMs, receives, groupId, attributes }) => ({
        MessageId: id,
        ReceiptHandle: receipt,
        Body: body,
        MD5OfBody: md5(body),
        Attributes: {
          SentTimestamp: String(sentMs),
          ApproximateReceiveCount: String(receives),
          ...(groupId !== undefined && { MessageGroupId: groupId }),
        },
        MessageAttributes: attributes,
        MD5OfMessageAttributes: md5OfAttributes(attributes),
      })),
    };
  }

  #handOut({ id, body, attributes, sentMs, received, groupId }: Row, visibleMs: number): Received {
    const receipt = randomUUID();
    this.#database
      .prepare('UPDATE messages SET visibleMs = ?, received = received + 1, receipt = ? WHERE id = ?')
      .run(visibleMs, receipt, id);
    return {
      id,
      receipt,
      body,
      sentMs,
      receives: received + 1,
      groupId: groupId ?? undefined,
      attributes: storedAttributes.parse(JSON.parse(attributes)),
    };
  }

  #attributes({ name, arn, isFifo }: DeclaredQueue): unknown {
    const { count } = z
      .object({ count: z.number() })
      .parse(this.#database.prepare('SELECT count(*) AS count FROM messages WHERE queue = ?').get(name));
    return {
      Attributes: { QueueArn: arn, ApproximateNumberOfMessages: String(count), ...(isFifo && { FifoQueue: 'true' }) },
    };
  }

  #at(url: string): DeclaredQueue {
    return this.#named(queueNameOf(url));
  }

  #named(name: string): DeclaredQueue {
    const found = this.#queues.find((queue) => queue.name === name);
    if (!found) throw new AwsError('com.amazonaws.sqs#QueueDoesNotExist', `There is no queue ${name} in this stack.`);
    return found;
  }

  #ofArn(queueArn: string): DeclaredQueue {
    const queue = this.#queues.find(({ arn }) => arn === queueArn);
    if (!queue) throw new AwsError('QueueDoesNotExist', `${queueArn} is no queue of this stack.`);
    return queue;
  }
}
