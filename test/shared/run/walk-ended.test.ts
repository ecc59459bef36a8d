import { afterAll, beforeAll, expect, test } from 'vitest';
import { DynamoRuns } from '../../../shared/aws/dynamo-runs.ts';
import { walkEnded } from '../../../shared/run/walk-ended.ts';
import type { Worker } from '../../../shared/run/work/scene.ts';
import { aRun } from '../../builders.ts';
import { startTables } from '../../dynamo.ts';

let tables: Awaited<ReturnType<typeof startTables>>;
let runs: DynamoRuns;

beforeAll(async () => {
  tables = await startTables();
  runs = new DynamoRuns(() => tables.client, { table: tables.table('RUNS_TABLE'), retentionDays: 400 });
});
afterAll(() => tables.close());

test('a walk whose history is full is followed by the next one, over the same checkpoints', async () => {
  const started: string[] = [];
  const walks = { start: async (_: string, name: string) => void started.push(name) };
  const run = aRun({ status: 'running', deadline: '2090-01-01T00:00:00.000Z' });
  await runs.create(run);

  await walkEnded({ runs, walks, now: () => new Date() } as unknown as Worker, run, 'exhausted');

  expect(started).toEqual([`${run.id}-2`]);
  expect(await runs.get(run.id)).toMatchObject({ status: 'running', walk: 2 });
});
