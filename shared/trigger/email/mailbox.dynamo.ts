import { type DynamoDBClient, PutItemCommand, type TransactWriteItem, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { wins } from '../../aws/conditional-write.ts';
import { expiresIn, toItem } from '../../aws/items.ts';
import { type Change, noted } from '../../aws/noted.ts';
import { getRow, listKeys } from '../../aws/rows.ts';
import { type Mailbox, type Mailboxes, mailbox, RETIRED_DAYS } from './mailbox.ts';

const mailboxKey = (local: string) => ({ pk: `MAILBOX#${local}`, sk: 'MAILBOX' });
/** Says which address is the workflow's: it has one at a time. */
const pointerOf = (workflowId: string) => ({ pk: `WORKFLOW#${workflowId}`, sk: 'MAILBOX' });

/** Mailboxes in the table of triggers: found by what stands before the @, one for each workflow. */
export class DynamoMailboxes implements Mailboxes {
  readonly #client: () => DynamoDBClient;
  readonly #table: string;

  constructor(client: () => DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async byLocal(local: string): Promise<Mailbox | undefined> {
    const row = await getRow(this.#client(), this.#table, mailboxKey(local));
    return row && mailbox.parse(row);
  }

  async ofWorkflow(workflowId: string): Promise<Mailbox | undefined> {
    const pointer = await getRow(this.#client(), this.#table, pointerOf(workflowId));
    return pointer && this.byLocal(String(pointer['local']));
  }

  create(next: Mailbox): Promise<boolean> {
    const { workflowId, local } = next;
    return this.#together(noteOf(undefined, next), [
      this.#putNew(next),
      {
        Put: {
          TableName: this.#table,
          Item: toItem({ ...pointerOf(workflowId), local }),
          ConditionExpression: 'attribute_not_exists(pk)',
        },
      },
    ]);
  }

  change(seen: Mailbox, next: Mailbox): Promise<boolean> {
    const put = new PutItemCommand({
      TableName: this.#table,
      Item: itemOf({ ...next, revision: seen.revision + 1 }),
      ConditionExpression:
        'attribute_exists(pk) AND attribute_not_exists(retiredAt) AND (revision = :seen OR attribute_not_exists(revision))',
      ExpressionAttributeValues: { ':seen': { N: String(seen.revision) } },
    });
    const write = noted(put, noteOf(seen, next));
    return wins(() => this.#client().send(write));
  }

  rotate(old: Mailbox, next: Mailbox): Promise<boolean> {
    const expires = expiresIn(RETIRED_DAYS + 1, new Date(old.retiredAt ?? old.createdAt));
    return this.#together(noteOf(old, next), [
      this.#putNew(next),
      {
        Put: {
          TableName: this.#table,
          Item: toItem({ ...pointerOf(next.workflowId), local: next.local }),
          ConditionExpression: '#local = :old',
          ExpressionAttributeNames: { '#local': 'local' },
          ExpressionAttributeValues: { ':old': { S: old.local } },
        },
      },
      // It stands in no list any more, only behind its old address.
      { Put: { TableName: this.#table, Item: toItem({ ...mailboxKey(old.local), ...old, expires }) } },
    ]);
  }

  #putNew(next: Mailbox): TransactWriteItem {
    return { Put: { TableName: this.#table, Item: itemOf(next), ConditionExpression: 'attribute_not_exists(pk)' } };
  }

  #together(change: Change, TransactItems: TransactWriteItem[]): Promise<boolean> {
    const write = noted(new TransactWriteItemsCommand({ TransactItems }), change);
    return wins(() => this.#client().send(write));
  }
}

const itemOf = (row: Mailbox) => toItem({ ...mailboxKey(row.local), ...row, ...listKeys('mailbox', row) });

const noteOf = (before: Mailbox | undefined, after: Mailbox): Change => ({
  object: 'mailbox',
  id: after.id,
  name: after.local,
  project: after.project,
  before,
  after,
});
