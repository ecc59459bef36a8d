import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { fromItem, toItem } from '../aws/items.ts';
import { noted } from '../aws/noted.ts';
import { findOfWorkspace, listOfWorkspace, type WorkspaceRows } from '../aws/workspace-rows.ts';
import { type ApiKey, apiKey, type Keys } from './key.ts';

const apiKeyKey = ({ hash }: Pick<ApiKey, 'hash'>) => ({ pk: `KEY#${hash}`, sk: 'KEY' });

/** API keys in DynamoDB, found by their hash. */
export class DynamoKeys implements Keys {
  readonly #client: () => DynamoDBClient;
  readonly #table: string;

  constructor(client: () => DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async put(key: ApiKey, seen?: ApiKey): Promise<void> {
    const Item = toItem({ ...apiKeyKey(key), ...key, workspaceKey: key.workspace });
    const put = new PutItemCommand({ TableName: this.#table, Item });
    const { id, name, project } = key;
    await this.#client().send(noted(put, { object: 'key', id, name, project, before: seen, after: key }));
  }

  async byHash(hash: string): Promise<ApiKey | undefined> {
    const { Item } = await this.#client().send(new GetItemCommand({ TableName: this.#table, Key: toItem(apiKeyKey({ hash })) }));
    return Item && apiKey.parse(fromItem(Item));
  }

  list(workspace: string, limit: number, token?: string) {
    return listOfWorkspace(this.#of(workspace), limit, token);
  }

  find(workspace: string, id: string) {
    return findOfWorkspace(this.#of(workspace), id);
  }

  #of(workspace: string): WorkspaceRows<ApiKey> {
    return {
      client: this.#client(),
      table: this.#table,
      workspaceKey: workspace,
      keyOf: apiKeyKey,
      parse: (row) => apiKey.parse(row),
    };
  }
}
