import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll } from 'vitest';
import { DynamoPlaces } from '../../shared/run/place/places.dynamo.ts';
import { DynamoRuns } from '../../shared/run/store/run.dynamo.ts';
import { placesClock, promisesOfPlaces } from '../contract/places.ts';
import { promisesOfFilters } from '../contract/run-filters.ts';
import { promisesOfRuns, type RunsSetting } from '../contract/runs.ts';
import { startTables } from '../harness/dynamo.ts';
import { MemoryValues } from '../run/memory-runs.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let places: DynamoPlaces;
let setting: RunsSetting;

beforeAll(async () => {
  tables = await startTables();
  const table = tables.table('RUNS_TABLE');
  const values = new MemoryValues();
  places = new DynamoPlaces(() => tables.client, { table: () => tables.table('PLACES_TABLE') }, placesClock.now);
  setting = {
    runs: new DynamoRuns(() => tables.client, { table, values, places }),
    values,
    async expiryOf(id) {
      const query = new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: `RUN#${id}` } },
      });
      const { Items = [] } = await tables.client.send(query);
      const expires = Items.map(({ expires: at }) => (at?.N === undefined ? undefined : Number(at.N)));
      return { row: expires.at(-1), journal: expires.slice(0, -1).map(Number) };
    },
  };
});
afterAll(() => tables.close());

promisesOfRuns(() => setting);
promisesOfFilters(() => setting.runs);
promisesOfPlaces(() => ({ runs: setting.runs, places }));
