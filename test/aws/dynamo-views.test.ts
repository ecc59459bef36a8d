import { afterAll, beforeAll } from 'vitest';
import { DynamoSavedViews } from '../../shared/view/saved-view.dynamo.ts';
import { promisesOfViews } from '../contract/views.ts';
import { startTables } from '../harness/dynamo.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
beforeAll(async () => {
  tables = await startTables();
});
afterAll(() => tables.close());

promisesOfViews(() => new DynamoSavedViews(() => tables.client, tables.table('ACCESS_TABLE')));
