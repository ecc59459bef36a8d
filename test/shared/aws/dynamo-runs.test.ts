import { afterAll, beforeAll } from 'vitest';
import { DynamoRuns } from '../../../shared/aws/dynamo-runs.ts';
import { promisesOfRuns } from '../../contract/runs.ts';
import { startTables } from '../../dynamo.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let runs: DynamoRuns;

beforeAll(async () => {
  tables = await startTables();
  runs = new DynamoRuns(() => tables.client, { table: tables.table('RUNS_TABLE'), retentionDays: 400 });
});
afterAll(() => tables.close());

promisesOfRuns(() => runs);
