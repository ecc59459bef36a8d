import { createHash } from 'node:crypto';
import { DeleteItemCommand, type DynamoDBClient, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { conditionalWrite, wins } from '../aws/conditional-write.ts';
import { fromItem, toItem } from '../aws/items.ts';
import { noted } from '../aws/noted.ts';
import { patiently } from '../aws/patiently.ts';
import { type Authorization, type Authorizations, authorization } from './authorization.ts';

/** Whoever reads the row cannot go on with it. */
const authorizationKey = (state: string) => ({
  pk: `AUTHORIZATION#${createHash('sha256').update(state).digest('hex')}`,
  sk: 'AUTHORIZATION',
});

/** Authorizations that were begun, beside the connections. */
export class DynamoAuthorizations implements Authorizations {
  readonly #client: () => DynamoDBClient;
  readonly #table: string;

  constructor(client: () => DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async begin(state: string, started: Authorization, { name, project }: { name: string; project: string }): Promise<void> {
    const expires = Math.ceil(Date.parse(started.until) / 1000);
    const put = new PutItemCommand({
      TableName: this.#table,
      Item: toItem({ ...authorizationKey(state), ...started, expires }),
    });
    const write = noted(put, { object: 'connection', id: started.connectionId, name, project });
    await patiently(() => this.#client().send(write));
  }

  async open(state: string, browser: string, now: Date): Promise<Authorization | undefined> {
    const bind = new UpdateItemCommand({
      TableName: this.#table,
      Key: toItem(authorizationKey(state)),
      UpdateExpression: 'SET browser = :browser',
      ConditionExpression: 'attribute_exists(pk) AND (attribute_not_exists(browser) OR browser = :browser)',
      ExpressionAttributeValues: toItem({ ':browser': browser }),
      ReturnValues: 'ALL_NEW',
    });
    let bound: Authorization | undefined;
    await wins(async () => {
      const { Attributes = {} } = await this.#client().send(bind);
      bound = authorization.parse(fromItem(Attributes));
    });
    return bound && isOpen(bound, now) ? bound : undefined;
  }

  async take(state: string, browser: string, now: Date): Promise<Authorization | 'of another browser' | undefined> {
    const remove = new DeleteItemCommand({
      TableName: this.#table,
      Key: toItem(authorizationKey(state)),
      ConditionExpression: 'browser = :browser',
      ExpressionAttributeValues: toItem({ ':browser': browser }),
      ReturnValues: 'ALL_OLD',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    let taken: Authorization | undefined;
    const written = await conditionalWrite(async () => {
      const { Attributes } = await this.#client().send(remove);
      taken = Attributes && authorization.parse(fromItem(Attributes));
    });
    if (!written.won) return written.found[0] ? 'of another browser' : undefined;
    return taken && isOpen(taken, now) ? taken : undefined;
  }
}

const isOpen = ({ until }: Authorization, now: Date) => until > now.toISOString();
