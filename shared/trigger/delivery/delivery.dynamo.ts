import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { expiresIn, toItem } from '../../aws/items.ts';
import { noted } from '../../aws/noted.ts';
import { getRow, listKeys } from '../../aws/rows.ts';
import { searchRows } from '../../aws/search-rows.ts';
import { firstIdAt, lastIdAt } from '../../kernel/id.ts';
import type { Page, PageOf } from '../../kernel/page.ts';
import { type Deliveries, type Delivery, type DeliveryFilter, delivery, fits } from './delivery.ts';

const deliveryKey = (id: string) => ({ pk: `DELIVERY#${id}`, sk: 'DELIVERY' });

/** Deliveries in the table of triggers. */
export class DynamoDeliveries implements Deliveries {
  readonly #client: () => DynamoDBClient;
  readonly #settings: { table: string; retentionDays: number };

  constructor(client: () => DynamoDBClient, settings: { table: string; retentionDays: number }) {
    this.#client = client;
    this.#settings = settings;
  }

  async put(row: Delivery, seen?: Delivery): Promise<void> {
    const expires = expiresIn(this.#settings.retentionDays, new Date(row.at));
    const Item = toItem({ ...deliveryKey(row.id), ...row, ...listKeys('delivery', row), expires });
    const put = new PutItemCommand({ TableName: this.#settings.table, Item });
    const { id, project } = row;
    await this.#client().send(seen ? noted(put, { object: 'delivery', id, project, before: seen, after: row }) : put);
  }

  async get(id: string): Promise<Delivery | undefined> {
    const row = await getRow(this.#client(), this.#settings.table, deliveryKey(id));
    return row && delivery.parse(row);
  }

  list(filter: DeliveryFilter, page: PageOf): Promise<Page<Delivery>> {
    const { workspace, workflowId, project, trigger, outcome, from, to } = filter;
    const list = {
      kind: 'delivery',
      workspace,
      workflowId,
      name: filter,
      // What the index says of them; the rest their rows do.
      filter: { project, trigger, outcome },
      between: { first: firstIdAt(from), last: lastIdAt(to) },
      keyOf: (id: string) => toItem(deliveryKey(id)),
      parse: delivery.parse,
      fits: (row: Delivery) => fits(row, filter),
    };
    return searchRows(this.#client(), this.#settings.table, list, page);
  }
}
