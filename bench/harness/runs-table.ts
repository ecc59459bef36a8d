import { join } from 'node:path';
import { DescribeTableCommand, DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { readCredential } from '../../local/aws/credential.ts';
import type { BenchCloud } from './cloud.ts';

/** An index, with the attributes of its key and of the table's. */
export interface Index {
  name: string;
  keys: string[];
}

/** The table of runs, past all repositories. */
export interface RunsTable {
  client: DynamoDBClient;
  name: string;
  indexes: Index[];
}

export async function withRunsTable<T>(
  { cloudUrl, dataDir }: Pick<BenchCloud, 'cloudUrl' | 'dataDir'>,
  act: (table: RunsTable) => Promise<T>,
): Promise<T> {
  const credentials = readCredential(join(dataDir, 'credentials'));
  const client = new DynamoDBClient({ endpoint: cloudUrl, region: 'us-east-1', credentials });
  try {
    const name = await nameOf(client);
    return await act({ client, name, indexes: await indexesOf(client, name) });
  } finally {
    client.destroy();
  }
}

async function nameOf(client: DynamoDBClient): Promise<string> {
  const { TableNames = [] } = await client.send(new ListTablesCommand({}));
  const name = TableNames.find((table) => table.includes('Runs'));
  if (name === undefined) throw new Error(`No table of runs among ${TableNames.join(', ')}`);
  return name;
}

async function indexesOf(client: DynamoDBClient, TableName: string): Promise<Index[]> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName }));
  const own = Table?.KeySchema ?? [];
  return (Table?.GlobalSecondaryIndexes ?? []).map(({ IndexName = '', KeySchema = [] }) => ({
    name: IndexName,
    keys: [...new Set([...KeySchema, ...own].map(({ AttributeName = '' }) => AttributeName))],
  }));
}
