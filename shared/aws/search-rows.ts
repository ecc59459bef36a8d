import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { timeOf } from '../kernel/id.ts';
import { badToken, listName, readToken, writeToken } from '../kernel/list-token.ts';
import type { Page, PageOf } from '../kernel/page.ts';
import { fromItem, type Item, toItem } from './items.ts';
import { patiently } from './patiently.ts';
import { getItems, indexOf, primaryKey, type RowList } from './rows.ts';

export interface RowSearch<T> extends RowList<T> {
  /** All that it is narrowed by, which its tokens are for. */
  name: unknown;
  /** Ids, both included. */
  between: { first: string; last: string };
  /** Whether a row is of the list. An index may be behind it. */
  fits: (row: T) => boolean;
}

/** Entries of the index that one page looks at. */
const MOST_LOOKED = 2_000;
const LOOKED_AT_ONCE = 200;

/**
 * One page of a list that is narrowed by what only rows say, newest first: it reads on until the page is full, or has looked at so many that it answers
 * with what there is and how far it has come.
 */
export async function searchRows<T extends { id: string }>(
  client: DynamoDBClient,
  table: string,
  search: RowSearch<T>,
  { limit, token }: PageOf,
): Promise<Page<T>> {
  const { first, last } = search.between;
  const name = listName([search.kind, search.workspace, search.name]);
  const items: T[] = [];
  let before = readToken(name, token);
  // A list does not go on from outside its bounds.
  if (token !== undefined && before !== undefined && (before < first || before > last)) throw badToken(token);
  if (first > last) return { items, next: undefined };
  for (let looked = 0; looked < MOST_LOOKED; looked += LOOKED_AT_ONCE) {
    const { ids, at, isEnd } = await look(client, table, search, before);
    const rows = await rowsOf(client, table, search, ids);
    for (const [place, id] of ids.entries()) {
      const row = rows.get(id);
      if (row && search.fits(row)) items.push(row);
      const isLast = isEnd && place === ids.length - 1;
      if (items.length === limit) return { items, ...(isLast ? { next: undefined } : goesOn(name, id)) };
    }
    if (isEnd || at === undefined) return { items, next: undefined };
    before = at;
  }
  return { items, ...goesOn(name, before ?? '') };
}

const goesOn = (name: string, id: string) => ({ next: writeToken(name, id), searchedTo: timeOf(id) });

/** The next ids of the index, and the last entry that was looked at. */
async function look<T>(
  client: DynamoDBClient,
  table: string,
  { between, keyOf, filter = {}, ...list }: RowSearch<T>,
  before: string | undefined,
): Promise<{ ids: string[]; at: string | undefined; isEnd: boolean }> {
  const { index, attribute, value } = indexOf(list);
  const asked = Object.entries(filter).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const query = new QueryCommand({
    TableName: table,
    IndexName: index,
    KeyConditionExpression: '#key = :key AND id BETWEEN :first AND :last',
    ...(asked.length > 0 && { FilterExpression: asked.map(([field]) => `#${field} = :${field}`).join(' AND ') }),
    ExpressionAttributeNames: { '#key': attribute, ...Object.fromEntries(asked.map(([field]) => [`#${field}`, field])) },
    ExpressionAttributeValues: toItem({
      ':key': value,
      ':first': between.first,
      ':last': between.last,
      ...Object.fromEntries(asked.map(([field, text]) => [`:${field}`, text])),
    }),
    ScanIndexForward: false,
    Limit: LOOKED_AT_ONCE,
    ExclusiveStartKey: before === undefined ? undefined : { ...keyOf(before), ...toItem({ [attribute]: value, id: before }) },
  });
  const { Items = [], LastEvaluatedKey } = await patiently(() => client.send(query));
  return { ids: Items.flatMap(({ id }) => id?.S ?? []), at: LastEvaluatedKey?.['id']?.S, isEnd: LastEvaluatedKey === undefined };
}

async function rowsOf<T extends { id: string }>(
  client: DynamoDBClient,
  table: string,
  { keyOf, parse }: RowSearch<T>,
  ids: string[],
): Promise<Map<string, T>> {
  const keys: Item[] = ids.map((id) => primaryKey(keyOf(id)));
  const rows = (await getItems(client, table, keys)).map((item) => parse(fromItem(item)));
  return new Map(rows.map((row) => [row.id, row]));
}
