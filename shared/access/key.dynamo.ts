import { type DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { badToken, fromItem, listName, readToken, toItem, writeToken } from '../aws/items.ts';
import { type ApiKey, apiKey, type Keys } from './key.ts';

const apiKeyKey = (hash: string) => ({ pk: `KEY#${hash}`, sk: 'KEY' });

/** API keys in DynamoDB, found by their hash. */
export class DynamoKeys implements Keys {
  readonly #client: () => DynamoDBClient;
  readonly #table: string;

  constructor(client: () => DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async put(key: ApiKey): Promise<void> {
    await this.#client().send(
      new PutItemCommand({
        TableName: this.#table,
        Item: toItem({ ...apiKeyKey(key.hash), ...key, workspaceKey: key.workspace }),
      }),
    );
  }

  async byHash(hash: string): Promise<ApiKey | undefined> {
    const { Item } = await this.#client().send(new GetItemCommand({ TableName: this.#table, Key: toItem(apiKeyKey(hash)) }));
    return Item && apiKey.parse(fromItem(Item));
  }

  async list(workspace: string, limit: number, token?: string) {
    const name = listName(['keys', workspace]);
    const last = readToken(name, token);
    const from = last === undefined ? undefined : await this.find(workspace, last);
    if (token !== undefined && !from) throw badToken(token);
    const { Items = [], LastEvaluatedKey } = await this.#client().send(
      new QueryCommand({
        TableName: this.#table,
        IndexName: 'by-workspace',
        KeyConditionExpression: 'workspaceKey = :workspace',
        ExpressionAttributeValues: { ':workspace': { S: workspace } },
        ScanIndexForward: false,
        Limit: limit,
        ExclusiveStartKey: from && toItem({ ...apiKeyKey(from.hash), workspaceKey: workspace, id: from.id }),
      }),
    );
    const items = Items.map((item) => apiKey.parse(fromItem(item)));
    return { items, next: LastEvaluatedKey && writeToken(name, items.at(-1)?.id ?? '') };
  }

  async find(workspace: string, id: string): Promise<ApiKey | undefined> {
    const { Items = [] } = await this.#client().send(
      new QueryCommand({
        TableName: this.#table,
        IndexName: 'by-workspace',
        KeyConditionExpression: 'workspaceKey = :workspace AND id = :id',
        ExpressionAttributeValues: { ':workspace': { S: workspace }, ':id': { S: id } },
      }),
    );
    return Items[0] && apiKey.parse(fromItem(Items[0]));
  }
}
