import { afterAll, beforeAll } from 'vitest';
import { DynamoSchedules } from '../../../shared/trigger/schedule/schedule.dynamo.ts';
import { promisesOfSchedules } from '../../contract/schedules.ts';
import { startTables } from '../../harness/dynamo.ts';
import { MemorySchedules } from './memory-schedules.ts';

let tables: Awaited<ReturnType<typeof startTables>>;

beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.close());

promisesOfSchedules(
  'DynamoDB',
  () => new DynamoSchedules(() => tables.client, { table: tables.table('TRIGGERS_TABLE'), retentionDays: 90 }),
);
promisesOfSchedules('memory', () => new MemorySchedules());
