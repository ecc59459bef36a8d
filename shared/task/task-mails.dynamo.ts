import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { wins } from '../aws/conditional-write.ts';
import { fromItem, toItem } from '../aws/items.ts';
import { patiently } from '../aws/patiently.ts';
import { MAIL_SHARDS, taskIdIn, taskIn, taskKey } from './task.dynamo.ts';
import type { Settled, TakenTask, Taker, TaskMails } from './task-mail.ts';

const mailing = z.object({ told: z.array(z.string()).default([]), mailFailures: z.number().default(0) });
const groupKey = (group: string) => ({ pk: `TOLD#${group}`, sk: 'TOLD' });

/** What is due, in the rows of tasks. */
export class DynamoTaskMails implements TaskMails {
  readonly #client: () => DynamoDBClient;
  readonly #table: () => string;

  constructor(client: () => DynamoDBClient, table: () => string) {
    this.#client = client;
    this.#table = table;
  }

  async due(now: string, limit: number): Promise<string[]> {
    const found = await Promise.all(
      MAIL_SHARDS.map((shard) => {
        const query = new QueryCommand({
          TableName: this.#table(),
          IndexName: 'by-mail',
          KeyConditionExpression: 'mailKey = :key AND mailAt <= :now',
          ExpressionAttributeValues: toItem({ ':key': shard, ':now': now }),
          Limit: limit,
        });
        return patiently(() => this.#client().send(query));
      }),
    );
    return found.flatMap(({ Items = [] }) => Items.flatMap((item) => taskIdIn(item) ?? []));
  }

  async take(id: string, now: string, until: string, by: Taker): Promise<TakenTask | undefined> {
    const update = new UpdateItemCommand({
      TableName: this.#table(),
      Key: toItem(taskKey(id)),
      UpdateExpression: 'SET mailAt = :until, mailBy = :by',
      ConditionExpression: by === 'opened' ? 'mailAt <= :now OR (mailBy = :by AND attribute_exists(mailAt))' : 'mailAt <= :now',
      ExpressionAttributeValues: toItem({ ':until': until, ':now': now, ':by': by }),
      ReturnValues: 'ALL_NEW',
    });
    try {
      const { Attributes } = await patiently(() => this.#client().send(update));
      if (!Attributes) return undefined;
      const row = fromItem(Attributes);
      const { told, mailFailures: failures } = mailing.parse(row);
      return { task: taskIn(row), mailing: { told, failures } };
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return undefined;
      throw error;
    }
  }

  async told(id: string, address: string, now: string): Promise<void> {
    const update = new UpdateItemCommand({
      TableName: this.#table(),
      Key: toItem(taskKey(id)),
      UpdateExpression: 'SET told = list_append(if_not_exists(told, :none), :one), mailedAt = :now',
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeValues: toItem({ ':none': [], ':one': [address], ':now': now }),
    });
    await wins(() => this.#client().send(update));
  }

  settle(id: string, until: string, { dueAt, mailing: { told, failures }, error }: Settled): Promise<boolean> {
    const sets = ['told = :told', 'mailFailures = :failures', dueAt && 'mailAt = :dueAt', error && 'mailError = :error'];
    const removes = ['mailBy', !dueAt && 'mailKey, mailAt', !error && 'mailError'].filter(Boolean);
    const update = new UpdateItemCommand({
      TableName: this.#table(),
      Key: toItem(taskKey(id)),
      UpdateExpression: `SET ${sets.filter(Boolean).join(', ')} REMOVE ${removes.join(', ')}`,
      ConditionExpression: 'mailAt = :until',
      ExpressionAttributeValues: toItem({
        ':until': until,
        ':told': told,
        ':failures': failures,
        ':dueAt': dueAt,
        ':error': error,
      }),
    });
    return wins(() => this.#client().send(update));
  }

  takeGroup(group: string, id: string, now: string, until: string): Promise<boolean> {
    const put = new PutItemCommand({
      TableName: this.#table(),
      Item: toItem({ ...groupKey(group), task: id, until, expires: Math.ceil(Date.parse(until) / 1000) }),
      // Who has it and died goes on with it.
      ConditionExpression: 'attribute_not_exists(pk) OR #until <= :now OR task = :task',
      ExpressionAttributeNames: { '#until': 'until' },
      ExpressionAttributeValues: toItem({ ':now': now, ':task': id }),
    });
    return wins(() => this.#client().send(put));
  }
}
