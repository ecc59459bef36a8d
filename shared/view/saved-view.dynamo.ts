import {
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb';
import { wins } from '../aws/conditional-write.ts';
import { fromItem, type Item, toItem } from '../aws/items.ts';
import { type Change, noted } from '../aws/noted.ts';
import { patiently } from '../aws/patiently.ts';
import { type SavedView, type SavedViews, savedView } from './saved-view.ts';

const pkOf = (workspace: string, ownerId: string) => `VIEWS#${workspace}#${ownerId}`;
const keyOf = ({ workspace, owner, name }: SavedView) => ({ pk: pkOf(workspace, owner.id), sk: name });
/** Only what is shared is listed for others. */
const sharedKey = (workspace: string) => `${workspace}#view`;

/** Views in DynamoDB: one partition an owner. */
export class DynamoSavedViews implements SavedViews {
  readonly #client: () => DynamoDBClient;
  readonly #table: string;

  constructor(client: () => DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  save(view: SavedView, seen: SavedView | undefined): Promise<boolean> {
    const condition = seen
      ? {
          ConditionExpression: 'id = :id AND updatedAt = :updatedAt',
          ExpressionAttributeValues: toItem({ ':id': seen.id, ':updatedAt': seen.updatedAt }),
        }
      : { ConditionExpression: 'attribute_not_exists(pk)' };
    const workspaceKey = view.shared ? sharedKey(view.workspace) : undefined;
    const put = new PutItemCommand({
      TableName: this.#table,
      Item: toItem({ ...keyOf(view), ...view, workspaceKey }),
      ...condition,
    });
    const write = noted(put, noteOf(seen, view));
    return wins(() => this.#client().send(write));
  }

  async remove(view: SavedView): Promise<void> {
    const remove = new DeleteItemCommand({
      TableName: this.#table,
      Key: toItem(keyOf(view)),
      ConditionExpression: 'id = :id',
      ExpressionAttributeValues: toItem({ ':id': view.id }),
    });
    const write = noted(remove, noteOf(view, undefined));
    await wins(() => this.#client().send(write));
  }

  own(workspace: string, ownerId: string): Promise<SavedView[]> {
    return this.#query({
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: toItem({ ':pk': pkOf(workspace, ownerId) }),
      ConsistentRead: true,
    });
  }

  shared(workspace: string): Promise<SavedView[]> {
    return this.#query({
      IndexName: 'by-workspace',
      KeyConditionExpression: 'workspaceKey = :key',
      ExpressionAttributeValues: toItem({ ':key': sharedKey(workspace) }),
    });
  }

  async #query(input: Omit<QueryCommandInput, 'TableName'>): Promise<SavedView[]> {
    const views: SavedView[] = [];
    let ExclusiveStartKey: Item | undefined;
    do {
      const query = new QueryCommand({ TableName: this.#table, ...input, ExclusiveStartKey });
      const { Items = [], LastEvaluatedKey } = await patiently(() => this.#client().send(query));
      views.push(...Items.map((item) => savedView.parse(fromItem(item))));
      ExclusiveStartKey = LastEvaluatedKey;
    } while (ExclusiveStartKey);
    return views;
  }
}

function noteOf(before: SavedView | undefined, after: SavedView | undefined): Change {
  const { id = '', name, project } = after ?? before ?? {};
  return { object: 'view', id, name, project, before, after };
}
