import { type DynamoDBClient, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import type { Run } from '../../shared/run/model/run.ts';
import { labelItem, runItem } from '../../shared/run/store/run-items.dynamo.ts';

/** The emulator waits for the disk once for each transaction. */
const AT_ONCE = 100;

/** Stores many runs as they are, past the engine. */
export async function storeRuns(client: DynamoDBClient, table: string, runs: Run[]): Promise<void> {
  const items = runs.flatMap((run) => [runItem(run), ...run.labels.map((label) => labelItem(run, label))]);
  for (let at = 0; at < items.length; at += AT_ONCE) {
    const puts = items.slice(at, at + AT_ONCE).map((Item) => ({ Put: { TableName: table, Item } }));
    await client.send(new TransactWriteItemsCommand({ TransactItems: puts }));
  }
}
