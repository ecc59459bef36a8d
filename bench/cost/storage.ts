import { type AttributeValue, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { RunsTable } from '../harness/runs-table.ts';

type Item = Record<string, AttributeValue>;

/** What a run leaves behind, in bytes times the months that they stay. */
export interface Storage {
  /** Row, journal and their entries in indexes. */
  bytes: number;
  tableByteMonths: number;
  indexByteMonths: number;
}

/** DynamoDB adds so much to each item of a table and each entry of an index. */
const OVERHEAD_BYTES = 100;
const MONTH_SECONDS = (365.25 / 12) * 86_400;

/** The items of a run as they lie in the table, each until it expires. */
export async function storageOf({ client, name, indexes }: RunsTable, runId: string): Promise<Storage> {
  const query = new QueryCommand({
    TableName: name,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': { S: `RUN#${runId}` } },
  });
  const { Items = [] } = await client.send(query);
  const total: Storage = { bytes: 0, tableByteMonths: 0, indexByteMonths: 0 };
  for (const item of Items) {
    const months = monthsOf(item);
    const own = itemBytes(item) + OVERHEAD_BYTES;
    const entries = indexes.filter(({ keys }) => keys.every((key) => item[key] !== undefined));
    const inIndexes = entries.reduce((sum, { keys }) => sum + itemBytes(only(item, keys)) + OVERHEAD_BYTES, 0);
    total.bytes += own + inIndexes;
    total.tableByteMonths += own * months;
    total.indexByteMonths += inIndexes * months;
  }
  return total;
}

function monthsOf({ sk, expires }: Item): number {
  if (expires?.N === undefined) throw new Error(`An item that never expires: ${sk?.S}`);
  return (Number(expires.N) - Date.now() / 1000) / MONTH_SECONDS;
}

const only = (item: Item, names: string[]): Item =>
  Object.fromEntries(Object.entries(item).filter(([name]) => names.includes(name)));

/** As the developer guide counts: names and values; a number has a byte for two digits and one more, a list or map three and one for each element. */
const itemBytes = (item: Item): number =>
  Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0);

function valueBytes({ S, N, M, L, B }: AttributeValue): number {
  if (S !== undefined) return Buffer.byteLength(S);
  if (N !== undefined) return Math.ceil(N.replace(/[^\d]/g, '').length / 2) + 1;
  if (B !== undefined) return B.length;
  if (M !== undefined) return 3 + Object.keys(M).length + itemBytes(M);
  if (L !== undefined) return 3 + L.reduce((sum, value) => sum + 1 + valueBytes(value), 0);
  return 1;
}
