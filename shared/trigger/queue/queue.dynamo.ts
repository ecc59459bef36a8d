import { type DynamoDBClient, type TransactWriteItem, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { wins } from '../../aws/conditional-write.ts';
import { toItem } from '../../aws/items.ts';
import { type Change, noted } from '../../aws/noted.ts';
import { putOver } from '../../aws/put-over.ts';
import { getRow, listKeys, listRows } from '../../aws/rows.ts';
import type { PageOf } from '../../kernel/page.ts';
import { type Queue, type Queues, queue } from './queue.ts';

const queueKey = (id: string) => ({ pk: `QUEUE#${id}`, sk: 'QUEUE' });
/** Says for whom the messages of one of the owner's queues are: one at a time. */
const sourceKey = (source: string) => ({ pk: `SOURCE#${source}`, sk: 'QUEUE' });

/** Queues in the table of triggers. */
export class DynamoQueues implements Queues {
  readonly #client: () => DynamoDBClient;
  readonly #table: string;

  constructor(client: () => DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  create(row: Queue): Promise<boolean> {
    const { id, source } = row;
    const puts = [itemOf(row), ...(source === undefined ? [] : [toItem({ ...sourceKey(source), queueId: id })])];
    const writes = puts.map((Item) => ({
      Put: { TableName: this.#table, Item, ConditionExpression: 'attribute_not_exists(pk)' },
    }));
    return this.#together(writes, noteOf(undefined, row));
  }

  async get(id: string): Promise<Queue | undefined> {
    const row = await getRow(this.#client(), this.#table, queueKey(id));
    return row && queue.parse(row);
  }

  async bySource(source: string): Promise<Queue | undefined> {
    const pointer = await getRow(this.#client(), this.#table, sourceKey(source));
    return pointer && this.get(String(pointer['queueId']));
  }

  replace(seen: Queue, next: Queue): Promise<boolean> {
    const write = noted(putOver(this.#table, seen, itemOf(next)), noteOf(seen, next));
    return wins(() => this.#client().send(write));
  }

  async remove(seen: Queue): Promise<void> {
    const { id, source } = seen;
    const keys = [queueKey(id), ...(source === undefined ? [] : [sourceKey(source)])];
    const writes = keys.map((key) => ({ Delete: { TableName: this.#table, Key: toItem(key) } }));
    await this.#together(writes, noteOf(seen, undefined));
  }

  list({ workspace, workflowId }: { workspace: string; workflowId: string }, page: PageOf) {
    const list = {
      kind: 'queue',
      workspace,
      workflowId,
      keyOf: (id: string) => toItem(queueKey(id)),
      parse: queue.parse,
    };
    return listRows(this.#client(), this.#table, list, page);
  }

  #together(TransactItems: TransactWriteItem[], change: Change): Promise<boolean> {
    const write = noted(new TransactWriteItemsCommand({ TransactItems }), change);
    return wins(() => this.#client().send(write));
  }
}

const itemOf = (row: Queue) => toItem({ ...queueKey(row.id), ...row, ...listKeys('queue', row) });

function noteOf(before: Queue | undefined, after: Queue | undefined): Change {
  const { id = '', name, project } = after ?? before ?? {};
  return { object: 'queue', id, name, project, before, after };
}
