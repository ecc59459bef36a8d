import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { ulid } from 'ulid';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DynamoComments } from '../../../shared/run/comment/comment.dynamo.ts';
import { newComment } from '../../../shared/run/comment/comment.ts';
import { DynamoRuns } from '../../../shared/run/store/run.dynamo.ts';
import { anActor, aRun } from '../../harness/builders.ts';
import { startTables } from '../../harness/dynamo.ts';
import { MemoryValues } from '../memory-runs.ts';

const KEPT = 2_000_000_000;

let tables: Awaited<ReturnType<typeof startTables>>;
let comments: DynamoComments;
let runs: DynamoRuns;
beforeAll(async () => {
  tables = await startTables();
  const table = tables.table('RUNS_TABLE');
  comments = new DynamoComments(() => tables.client, table);
  runs = new DynamoRuns(() => tables.client, { table, values: new MemoryValues() });
});
afterAll(() => tables.close());

const runOf = (id: string) => ({ id, name: 'a run', project: 'examples' });

const stored = async (runId: string = ulid(), text = 'first') => {
  const comment = newComment(runId, text, anActor('ann'), new Date());
  await comments.add(runOf(runId), comment, KEPT);
  return comment;
};

test('a comment that is gone meanwhile is not changed, and does not come back', async () => {
  const comment = await stored();
  await comments.remove(runOf(comment.runId), comment);
  expect(await comments.change(runOf(comment.runId), comment, { ...comment, text: 'second', editedAt: comment.createdAt })).toBe(
    false,
  );
  expect(await comments.get(comment.runId, comment.id)).toBeUndefined();
});

test('a run is loaded without its comments, also before it has a journal', async () => {
  const run = aRun();
  await runs.create(run);
  await stored(run.id);
  expect(await runs.load(run.id)).toEqual({ run, entries: [] });
  const [started] = [{ type: 'step_started', at: run.createdAt, key: 'only' } as const];
  await runs.append(run.id, 0, [started], KEPT, 'writer');
  expect((await runs.load(run.id))?.entries).toEqual([started]);
});

test('the comments of a run that lives longer than its rows were meant to stay as long as its journal', async () => {
  const run = aRun();
  await runs.create(run);
  const { id } = await stored(run.id);
  await runs.keep(run.id, KEPT + 1);
  const key = { pk: { S: `RUN#${run.id}` }, sk: { S: `COMMENT#${id}` } };
  const { Item } = await tables.client.send(new GetItemCommand({ TableName: tables.table('RUNS_TABLE'), Key: key }));
  expect(Item?.['expires']?.N).toBe(String(KEPT + 1));
});
