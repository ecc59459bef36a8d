import { DeleteItemCommand, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { wins } from '../../aws/conditional-write.ts';
import { toItem } from '../../aws/items.ts';
import { type Change, noted } from '../../aws/noted.ts';
import { putOver } from '../../aws/put-over.ts';
import { getRow, listKeys, listRows } from '../../aws/rows.ts';
import type { PageOf } from '../../kernel/page.ts';
import { type EventRule, type EventRules, eventRule } from './event-rule.ts';

const KIND = 'event_rule';
const PAGE = 100;
const ruleKey = (id: string) => ({ pk: `EVENTRULE#${id}`, sk: 'EVENTRULE' });

/** Event rules in the table of triggers. */
export class DynamoEventRules implements EventRules {
  readonly #client: () => DynamoDBClient;
  readonly #table: string;

  constructor(client: () => DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async create(row: EventRule): Promise<void> {
    const put = new PutItemCommand({ TableName: this.#table, Item: itemOf(row) });
    await this.#client().send(noted(put, noteOf(undefined, row)));
  }

  async get(id: string): Promise<EventRule | undefined> {
    const row = await getRow(this.#client(), this.#table, ruleKey(id));
    return row && eventRule.parse(row);
  }

  replace(seen: EventRule, next: EventRule): Promise<boolean> {
    const write = noted(putOver(this.#table, seen, itemOf(next)), noteOf(seen, next));
    return wins(() => this.#client().send(write));
  }

  async remove(seen: EventRule): Promise<void> {
    const remove = new DeleteItemCommand({ TableName: this.#table, Key: toItem(ruleKey(seen.id)) });
    await this.#client().send(noted(remove, noteOf(seen, undefined)));
  }

  list({ workspace, workflowId }: { workspace: string; workflowId?: string }, page: PageOf) {
    const list = {
      kind: KIND,
      workspace,
      workflowId,
      keyOf: (id: string) => toItem(ruleKey(id)),
      parse: eventRule.parse,
    };
    return listRows(this.#client(), this.#table, list, page);
  }

  async all(workspace: string): Promise<EventRule[]> {
    const found: EventRule[] = [];
    let token: string | undefined;
    do {
      const page = await this.list({ workspace }, { limit: PAGE, token });
      found.push(...page.items);
      token = page.next;
    } while (token !== undefined);
    return found;
  }
}

const itemOf = (row: EventRule) => toItem({ ...ruleKey(row.id), ...row, ...listKeys(KIND, row) });

function noteOf(before: EventRule | undefined, after: EventRule | undefined): Change {
  const { id = '', name, project } = after ?? before ?? {};
  return { object: KIND, id, name, project, before, after };
}
