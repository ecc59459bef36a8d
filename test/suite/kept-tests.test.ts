import { afterAll, beforeAll } from 'vitest';
import { DynamoTests } from '../../shared/suite/tests.dynamo.ts';
import { promisesOfTests } from '../contract/tests.ts';
import { startTables } from '../harness/dynamo.ts';

let tables: Awaited<ReturnType<typeof startTables>>;

beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.close());

promisesOfTests(
  'DynamoDB',
  () => new DynamoTests(() => tables.client, { table: tables.table('TESTS_TABLE'), retentionDays: 90 }),
);
