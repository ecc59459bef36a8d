import { type DynamoDBClient, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { wins } from '../aws/conditional-write.ts';
import { expiresIn, type Item, toItem } from '../aws/items.ts';
import { pageOfPartition } from '../aws/partition.ts';
import { patiently } from '../aws/patiently.ts';
import { getRow } from '../aws/rows.ts';
import type { Page, PageOf } from '../kernel/page.ts';
import { type Notification, type NotificationKey, type Notifications, notification } from './notification.ts';

const PREFIX = 'SUBSCRIPTION#';
const partitionOf = (subscriptionId: string) => PREFIX + subscriptionId;
const notificationKey = ({ subscriptionId, id }: NotificationKey) => ({
  pk: partitionOf(subscriptionId),
  sk: id,
});
/** Those on their way are few, in the index alone while they are. */
const DUE = 'due';
const WRITTEN_AT_ONCE = 25;

/** Which notification a row is. */
export const notificationIn = (key: Item): NotificationKey | undefined => {
  const [pk, id] = [key['pk']?.S, key['sk']?.S];
  return pk?.startsWith(PREFIX) && id !== undefined ? { subscriptionId: pk.slice(PREFIX.length), id } : undefined;
};

/** What subscribers are told, beside the subscriptions. */
export class DynamoNotifications implements Notifications {
  readonly #client: () => DynamoDBClient;
  readonly #table: string;
  readonly #retentionDays: number;

  constructor(client: () => DynamoDBClient, { table, retentionDays }: { table: string; retentionDays: number }) {
    this.#client = client;
    this.#table = table;
    this.#retentionDays = retentionDays;
  }

  async add(rows: readonly Notification[]): Promise<void> {
    for (let from = 0; from < rows.length; from += WRITTEN_AT_ONCE) {
      await Promise.all(
        rows.slice(from, from + WRITTEN_AT_ONCE).map((row) => {
          const put = new PutItemCommand({
            TableName: this.#table,
            Item: this.#itemOf(row),
            ConditionExpression: 'attribute_not_exists(pk)',
          });
          return wins(() => this.#client().send(put));
        }),
      );
    }
  }

  async find(subscriptionId: string, id: string): Promise<Notification | undefined> {
    const row = await getRow(this.#client(), this.#table, notificationKey({ subscriptionId, id }));
    return row && notification.parse(row);
  }

  list(subscriptionId: string, page: PageOf): Promise<Page<Notification>> {
    const partition = { client: this.#client(), table: this.#table, pk: partitionOf(subscriptionId) };
    return pageOfPartition(partition, page, (row) => notification.parse(row));
  }

  async due(now: string, limit: number): Promise<Notification[]> {
    const query = new QueryCommand({ ...this.#due(now), Limit: limit });
    const { Items = [] } = await patiently(() => this.#client().send(query));
    const keys = Items.flatMap((item) => notificationIn(item) ?? []);
    const rows = await Promise.all(keys.map(({ subscriptionId, id }) => this.find(subscriptionId, id)));
    return rows.filter((row) => row !== undefined);
  }

  async dueOf(subscriptionId: string, now: string, limit: number): Promise<NotificationKey[]> {
    const { ExpressionAttributeValues, ...due } = this.#due(now, { ':pk': partitionOf(subscriptionId) });
    const found: NotificationKey[] = [];
    let ExclusiveStartKey: Item | undefined;
    do {
      const query = new QueryCommand({ ...due, FilterExpression: 'pk = :pk', ExpressionAttributeValues, ExclusiveStartKey });
      const { Items = [], LastEvaluatedKey } = await patiently(() => this.#client().send(query));
      found.push(...Items.flatMap((item) => notificationIn(item) ?? []));
      ExclusiveStartKey = LastEvaluatedKey;
    } while (ExclusiveStartKey && found.length < limit);
    return found.slice(0, limit);
  }

  #due(now: string, more: object = {}) {
    return {
      TableName: this.#table,
      IndexName: 'due',
      KeyConditionExpression: 'dueKey = :key AND dueAt <= :now',
      ExpressionAttributeValues: toItem({ ':key': DUE, ':now': now, ...more }),
    };
  }

  replace(seen: Notification, next: Notification): Promise<boolean> {
    const put = new PutItemCommand({
      TableName: this.#table,
      Item: this.#itemOf(next),
      ConditionExpression: seen.dueAt === undefined ? 'attempts = :seen AND attribute_not_exists(dueAt)' : 'dueAt = :seen',
      ExpressionAttributeValues: toItem({ ':seen': seen.dueAt ?? seen.attempts }),
    });
    return wins(() => this.#client().send(put));
  }

  #itemOf(row: Notification): Item {
    const expires = expiresIn(this.#retentionDays, new Date(row.createdAt));
    return toItem({ ...notificationKey(row), ...row, ...(row.dueAt !== undefined && { dueKey: DUE }), expires });
  }
}
