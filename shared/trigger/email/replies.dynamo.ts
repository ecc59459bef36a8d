import {
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { wins } from '../../aws/conditional-write.ts';
import { expiresIn, fromItem, toItem } from '../../aws/items.ts';
import { getItems, primaryKey } from '../../aws/rows.ts';
import type { PendingReplies, PendingReply } from './ports.ts';

const replyKey = (deliveryId: string) => ({ pk: `REPLY#${deliveryId}`, sk: 'REPLY' });
const KEPT_DAYS = 40;

const row = z.object({
  deliveryId: z.string(),
  runId: z.string(),
  workflowName: z.string(),
  from: z.string(),
  to: z.string(),
  subject: z.string(),
  messageId: z.string().nullable(),
  references: z.array(z.string()),
  since: z.string(),
  dueAt: z.string(),
});

/** Replies that wait for the end of a run, in the table of triggers. They stand in its index in the order in which they are due. */
export class DynamoReplies implements PendingReplies {
  readonly #client: () => DynamoDBClient;
  readonly #table: string;

  constructor(client: () => DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async put(reply: PendingReply, dueAt: string): Promise<void> {
    const expires = expiresIn(KEPT_DAYS, new Date(dueAt));
    const Item = toItem({ ...replyKey(reply.deliveryId), ...reply, dueAt, ...indexed(reply.deliveryId, dueAt), expires });
    await this.#client().send(new PutItemCommand({ TableName: this.#table, Item }));
  }

  async due(now: string, limit: number) {
    const { Items = [] } = await this.#client().send(
      new QueryCommand({
        TableName: this.#table,
        IndexName: 'by-workspace',
        KeyConditionExpression: 'workspaceKey = :key AND id < :now',
        ExpressionAttributeValues: { ':key': { S: '#reply' }, ':now': { S: `${now}~` } },
        Limit: limit,
      }),
    );
    const rows = await getItems(this.#client(), this.#table, Items.map(primaryKey));
    return rows
      .map((item) => row.parse(fromItem(item)))
      .filter(({ dueAt }) => dueAt <= now)
      .map(({ dueAt, ...reply }) => ({ reply, dueAt }));
  }

  defer(deliveryId: string, seen: string, dueAt: string): Promise<boolean> {
    const { id } = indexed(deliveryId, dueAt);
    return wins(() =>
      this.#client().send(
        new UpdateItemCommand({
          TableName: this.#table,
          Key: toItem(replyKey(deliveryId)),
          UpdateExpression: 'SET dueAt = :next, id = :id',
          ConditionExpression: 'dueAt = :seen',
          ExpressionAttributeValues: toItem({ ':next': dueAt, ':id': id, ':seen': seen }),
        }),
      ),
    );
  }

  remove(deliveryId: string, seen: string): Promise<boolean> {
    return wins(() =>
      this.#client().send(
        new DeleteItemCommand({
          TableName: this.#table,
          Key: toItem(replyKey(deliveryId)),
          ConditionExpression: 'dueAt = :seen',
          ExpressionAttributeValues: toItem({ ':seen': seen }),
        }),
      ),
    );
  }
}

/** A workspace has letters, so that the list of no workspace is ours alone. */
const indexed = (deliveryId: string, dueAt: string) => ({ workspaceKey: '#reply', id: `${dueAt}#${deliveryId}` });
