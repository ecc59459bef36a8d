import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { type Receipt, type ReceiptFilter, type Receipts, receipt } from '../trigger/receipt.ts';
import { doorKeys, getDoor, listDoors } from './dynamo-doors.ts';
import { expiresIn, toItem } from './items.ts';

const keyOf = (id: string) => ({ pk: `RECEIPT#${id}`, sk: 'RECEIPT' });

/** Receipts in the table of doors. */
export class DynamoReceipts implements Receipts {
  readonly #client: () => DynamoDBClient;
  readonly #settings: { table: string; retentionDays: number };

  constructor(client: () => DynamoDBClient, settings: { table: string; retentionDays: number }) {
    this.#client = client;
    this.#settings = settings;
  }

  async put(row: Receipt): Promise<void> {
    const expires = expiresIn(this.#settings.retentionDays, new Date(row.at));
    const Item = toItem({ ...keyOf(row.id), ...row, ...doorKeys('receipt', row), expires });
    await this.#client().send(new PutItemCommand({ TableName: this.#settings.table, Item }));
  }

  async get(id: string): Promise<Receipt | undefined> {
    const row = await getDoor(this.#client(), this.#settings.table, keyOf(id));
    return row && receipt.parse(row);
  }

  list({ workspace, project, workflowId, door, outcome }: ReceiptFilter, page: { limit: number; token?: string | undefined }) {
    const list = {
      kind: 'receipt' as const,
      workspace,
      workflowId,
      filter: { project, door, outcome },
      keyOf: (id: string) => toItem(keyOf(id)),
      parse: receipt.parse,
    };
    return listDoors(this.#client(), this.#settings.table, list, page);
  }
}
