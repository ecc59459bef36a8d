import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { ulid } from 'ulid';
import { expiresIn, type Item, toItem } from '../../shared/aws/items.ts';
import type { Run } from '../../shared/run/model/run.ts';
import { journalKey, numberOf } from '../../shared/run/store/journal-items.dynamo.ts';
import { isRow, labelItem, parseRun, runItem, runPk, stateKeyOf } from '../../shared/run/store/run-items.dynamo.ts';
import type { RunsTable } from '../harness/runs-table.ts';

const KEPT_DAYS = 90;

/** A run as the engine has left it. */
export interface Model {
  run: Run;
  journal: Item[];
}

export async function modelOf({ client, name }: RunsTable, runId: string): Promise<Model> {
  const query = new QueryCommand({
    TableName: name,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': { S: runPk(runId) } },
  });
  const { Items = [] } = await client.send(query);
  const row = Items.find(isRow);
  if (!row) throw new Error(`There is no run ${runId}`);
  return { run: parseRun(row), journal: Items.filter((item) => !isRow(item)) };
}

/** A copy of a run, made at another time and different in what is said. */
export interface Copy {
  model: Model;
  createdMs: number;
  with: Partial<Run>;
}

/** The items of the copy: the row with the keys of its indexes, those of its labels, and the journal. */
export function copyOf({ model: { run, journal }, createdMs, with: differences }: Copy, now: Date): Item[] {
  const id = ulid(createdMs);
  const laterMs = createdMs - Date.parse(run.createdAt);
  const moved = (at: string | undefined) => at && new Date(Date.parse(at) + laterMs).toISOString();
  const copy: Run = {
    ...run,
    id,
    createdAt: new Date(createdMs).toISOString(),
    startedAt: moved(run.startedAt),
    endedAt: moved(run.endedAt),
    ...differences,
  };
  const expires = expiresIn(KEPT_DAYS, now);
  const row = { ...runItem(copy), ...toItem({ stateKey: stateKeyOf(copy, copy.status, now, undefined), expires }) };
  return [
    row,
    ...copy.labels.map((label) => labelItem(copy, label)),
    ...journal.map((item) => ({ ...item, ...toItem({ ...journalKey(id, numberOf(item)), expires }) })),
  ];
}
