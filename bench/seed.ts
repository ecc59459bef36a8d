import { join } from 'node:path';
import { BatchWriteItemCommand, DynamoDBClient, ListTablesCommand, type WriteRequest } from '@aws-sdk/client-dynamodb';
import { ulid } from 'ulid';
import { readCredential } from '../local/aws/credential.ts';
import { runItem } from '../shared/aws/run-items.ts';
import type { Run } from '../shared/run/model/run.ts';

const BATCH = 25;
const WRITERS = 4;
const DAY_MS = 86_400_000;

interface Place {
  cloudUrl: string;
  dataDir: string;
}

/** Writes settled runs as the repository would have left them, spread over the last thirty days. */
export async function seedRuns({ cloudUrl, dataDir }: Place, workflowId: string, count: number): Promise<void> {
  const client = new DynamoDBClient({
    endpoint: cloudUrl,
    region: 'us-east-1',
    credentials: readCredential(join(dataDir, 'credentials')),
  });
  const table = await runsTable(client);
  const now = Date.now();
  const at = (n: number) => now - Math.round(((n + 1) / (count + 1)) * 30 * DAY_MS);
  let next = 0;
  const writer = async () => {
    while (next < count) {
      const from = next;
      next += BATCH;
      const puts = Array.from({ length: Math.min(BATCH, count - from) }, (_, n) => put(workflowId, from + n, at(from + n)));
      await write(client, table, puts);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, writer));
  client.destroy();
}

async function runsTable(client: DynamoDBClient): Promise<string> {
  const { TableNames = [] } = await client.send(new ListTablesCommand({}));
  const name = TableNames.find((table) => table.includes('Runs'));
  if (name === undefined) throw new Error(`No table of runs among ${TableNames.join(', ')}`);
  return name;
}

async function write(client: DynamoDBClient, table: string, requests: WriteRequest[]): Promise<void> {
  const { UnprocessedItems } = await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: requests } }));
  const left = UnprocessedItems?.[table] ?? [];
  if (left.length > 0) await write(client, table, left);
}

const put = (workflowId: string, n: number, createdMs: number): WriteRequest => ({
  PutRequest: { Item: runItem(settledRun(workflowId, n, createdMs)) },
});

function settledRun(workflowId: string, n: number, createdMs: number): Run {
  const id = ulid(createdMs);
  const createdAt = new Date(createdMs).toISOString();
  const endedAt = new Date(createdMs + 1200).toISOString();
  const failed = n % 20 === 0;
  return {
    id,
    workspace: 'local',
    project: 'examples',
    workflowId,
    workflowName: 'bench-w3',
    name: 'bench-w3',
    reference: `PO-${n}`,
    stage: 'Published',
    version: 1,
    status: failed ? 'failed' : 'succeeded',
    trigger: 'api',
    archived: false,
    createdAt,
    startedAt: createdAt,
    endedAt,
    definition: 'a'.repeat(64),
    inputs: { json: JSON.stringify({ n }) },
    fileIds: [],
    startedBy: 'local',
    timeoutSeconds: 90 * 86_400,
    deadline: endedAt,
    depth: 0,
    attempt: 1,
    seen: 7,
    execution: 1,
    steps: {
      total: 3,
      pending: 0,
      running: 0,
      waiting: 0,
      succeeded: failed ? 1 : 3,
      failed: failed ? 1 : 0,
      cancelled: 0,
      skipped: failed ? 1 : 0,
    },
    ...(failed
      ? { error: { name: 'HttpServerError', message: 'The service answered 503.', step: 'second' } }
      : { outputs: { json: '{"total":250000}' } }),
  };
}
