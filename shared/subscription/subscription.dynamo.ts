import { DeleteItemCommand, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { conditionalWrite, wins } from '../aws/conditional-write.ts';
import { toItem } from '../aws/items.ts';
import { type Change, noted } from '../aws/noted.ts';
import { pageOfPartition } from '../aws/partition.ts';
import { putOver } from '../aws/put-over.ts';
import { getRow } from '../aws/rows.ts';
import type { Page, PageOf } from '../kernel/page.ts';
import { type Subscription, type Subscriptions, subscription } from './subscription.ts';

const partitionOf = (workspace: string) => `SUBSCRIPTIONS#${workspace}`;
const subscriptionKey = ({ workspace, id }: Pick<Subscription, 'workspace' | 'id'>) => ({
  pk: partitionOf(workspace),
  sk: id,
});
const PAGE = 100;

/** Subscriptions in DynamoDB: a partition a workspace, since every event asks for all of them. */
export class DynamoSubscriptions implements Subscriptions {
  readonly #client: () => DynamoDBClient;
  readonly #table: string;

  constructor(client: () => DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async create(row: Subscription): Promise<void> {
    const put = new PutItemCommand({
      TableName: this.#table,
      Item: itemOf(row),
      ConditionExpression: 'attribute_not_exists(pk)',
    });
    const write = noted(put, noteOf(undefined, row));
    // One that is there already was written before, and the answer was lost: ids are made once.
    await conditionalWrite(() => this.#client().send(write));
  }

  async find(workspace: string, id: string): Promise<Subscription | undefined> {
    const row = await getRow(this.#client(), this.#table, subscriptionKey({ workspace, id }));
    return row && subscription.parse(row);
  }

  async all(workspace: string): Promise<Subscription[]> {
    const found: Subscription[] = [];
    let token: string | undefined;
    do {
      const page = await this.list(workspace, { limit: PAGE, token });
      found.push(...page.items);
      token = page.next;
    } while (token !== undefined);
    return found;
  }

  list(workspace: string, page: PageOf): Promise<Page<Subscription>> {
    const partition = { client: this.#client(), table: this.#table, pk: partitionOf(workspace) };
    return pageOfPartition(partition, page, (row) => subscription.parse(row));
  }

  replace(seen: Subscription, next: Subscription): Promise<boolean> {
    const write = noted(putOver(this.#table, seen, itemOf(next)), noteOf(seen, next));
    return wins(() => this.#client().send(write));
  }

  async report(seen: Subscription, next: Subscription): Promise<void> {
    const put = putOver(this.#table, seen, itemOf(next));
    await wins(() => this.#client().send(put));
  }

  async note(seen: Subscription): Promise<void> {
    const write = noted(putOver(this.#table, seen, itemOf(seen)), { object: 'subscription', id: seen.id, project: seen.project });
    await wins(() => this.#client().send(write));
  }

  async remove(seen: Subscription): Promise<void> {
    const remove = new DeleteItemCommand({
      TableName: this.#table,
      Key: toItem(subscriptionKey(seen)),
      ConditionExpression: 'attribute_exists(pk)',
    });
    const write = noted(remove, noteOf(seen, undefined));
    await wins(() => this.#client().send(write));
  }
}

const itemOf = (row: Subscription) => toItem({ ...subscriptionKey(row), ...row });

const noteOf = (before: Subscription | undefined, after: Subscription | undefined): Change => {
  const { id = '', project } = after ?? before ?? {};
  return { object: 'subscription', id, project, before, after };
};
