import { DeleteItemCommand, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { conditionalWrite, wins } from '../../aws/conditional-write.ts';
import { fromItem, toItem } from '../../aws/items.ts';
import { type Change, noted } from '../../aws/noted.ts';
import { putOver } from '../../aws/put-over.ts';
import { getRow, listKeys, listRows } from '../../aws/rows.ts';
import type { PageOf } from '../../kernel/page.ts';
import { type Arrival, type Webhook, type Webhooks, webhook } from './webhook.ts';

const webhookKey = (id: string) => ({ pk: `WEBHOOK#${id}`, sk: 'WEBHOOK' });

const bodyKey = (id: string, body: string) => ({ pk: `WEBHOOK#${id}`, sk: `BODY#${body}` });

const firstBody = z.object({ first: z.string(), at: z.string() });

/** Webhooks in the table of triggers. */
export class DynamoWebhooks implements Webhooks {
  readonly #client: () => DynamoDBClient;
  readonly #table: string;

  constructor(client: () => DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async create(row: Webhook): Promise<void> {
    const put = { TableName: this.#table, Item: itemOf(row), ConditionExpression: 'attribute_not_exists(pk)' };
    await this.#client().send(noted(new PutItemCommand(put), noteOf(undefined, row)));
  }

  async get(id: string): Promise<Webhook | undefined> {
    const row = await getRow(this.#client(), this.#table, webhookKey(id));
    return row && webhook.parse(row);
  }

  replace(seen: Webhook, next: Webhook): Promise<boolean> {
    const write = noted(putOver(this.#table, seen, itemOf(next)), noteOf(seen, next));
    return wins(() => this.#client().send(write));
  }

  async remove(seen: Webhook): Promise<void> {
    const remove = new DeleteItemCommand({ TableName: this.#table, Key: toItem(webhookKey(seen.id)) });
    await this.#client().send(noted(remove, noteOf(seen, undefined)));
  }

  async firstWithBody(id: string, body: string, arrival: Arrival, windowSeconds: number): Promise<string> {
    const arrivedMs = Date.parse(arrival.at);
    const put = new PutItemCommand({
      TableName: this.#table,
      Item: toItem({
        ...bodyKey(id, body),
        first: arrival.id,
        at: arrival.at,
        expires: Math.ceil(arrivedMs / 1000) + windowSeconds,
      }),
      ConditionExpression: 'attribute_not_exists(pk) OR #at <= :over',
      ExpressionAttributeNames: { '#at': 'at' },
      ExpressionAttributeValues: { ':over': { S: new Date(arrivedMs - windowSeconds * 1000).toISOString() } },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    const written = await conditionalWrite(() => this.#client().send(put));
    const [found] = written.won ? [] : written.found;
    if (!found) return arrival.id;
    const earlier = firstBody.parse(fromItem(found));
    // What is redelivered may have come long before the one that stands there by now.
    return Date.parse(earlier.at) < arrivedMs + windowSeconds * 1000 ? earlier.first : arrival.id;
  }

  list({ workspace, workflowId }: { workspace: string; workflowId: string }, page: PageOf) {
    const list = {
      kind: 'webhook',
      workspace,
      workflowId,
      keyOf: (id: string) => toItem(webhookKey(id)),
      parse: webhook.parse,
    };
    return listRows(this.#client(), this.#table, list, page);
  }
}

const itemOf = (row: Webhook) => toItem({ ...webhookKey(row.id), ...row, ...listKeys('webhook', row) });

function noteOf(before: Webhook | undefined, after: Webhook | undefined): Change {
  const { id = '', name, project } = after ?? before ?? {};
  return { object: 'webhook', id, name, project, before, after };
}
