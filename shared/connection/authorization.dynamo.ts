import { createHash } from 'node:crypto';
import { DeleteItemCommand, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
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

  async take(state: string, now: Date): Promise<Authorization | undefined> {
    const remove = new DeleteItemCommand({
      TableName: this.#table,
      Key: toItem(authorizationKey(state)),
      ReturnValues: 'ALL_OLD',
    });
    const { Attributes } = await this.#client().send(remove);
    const taken = Attributes && authorization.parse(fromItem(Attributes));
    return taken && taken.until > now.toISOString() ? taken : undefined;
  }
}
