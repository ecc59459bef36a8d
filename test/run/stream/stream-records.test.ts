import { expect, test } from 'vitest';
import { toItem } from '../../../shared/aws/items.ts';
import { journalKey } from '../../../shared/run/store/journal-items.dynamo.ts';
import { runItem, runKey } from '../../../shared/run/store/run-items.dynamo.ts';
import { changeOf, type StreamRecord, streamEvent } from '../../../shared/run/stream/stream-records.dynamo.ts';
import { aRun } from '../../harness/builders.ts';

const key = (pk: string, sk: string) => ({ pk: { S: pk }, sk: { S: sk } });
const recordOf = (
  eventName: StreamRecord['eventName'],
  { pk, sk }: { pk: string; sk: string },
  images: Pick<StreamRecord['dynamodb'], 'NewImage' | 'OldImage'>,
) => {
  const dynamodb = { SequenceNumber: '42', ApproximateCreationDateTime: 1_795_000_000, Keys: key(pk, sk), ...images };
  const [record] = streamEvent.parse({ Records: [{ eventName, dynamodb }] }).Records;
  if (!record) throw new Error('no record');
  return record;
};

const run = aRun();
const entries = [{ type: 'run_started' as const, at: '2026-11-23T08:00:00.000Z' }];
const journal = toItem({ ...journalKey(run.id, 7), entries: JSON.stringify(entries), expires: 1 });
const at = new Date(1_795_000_000_000);

test('an item of the journal is what was appended, with the number of the first entry', () => {
  expect(changeOf(recordOf('INSERT', journalKey(run.id, 7), { NewImage: journal }))).toEqual({
    kind: 'appended',
    id: '42',
    runId: run.id,
    at,
    number: 7,
    isNotable: false,
    entries,
  });
});

test('what people ask for and what they are asked is notable, as its writer has marked it', () => {
  const NewImage = { ...journal, notable: { BOOL: true } };
  expect(changeOf(recordOf('INSERT', journalKey(run.id, 7), { NewImage }))).toMatchObject({ isNotable: true, entries });
});

test('a row that is written is the run before and after', () => {
  const after = { ...run, name: 'renamed' };
  const born = recordOf('INSERT', runKey(run.id), { NewImage: runItem(run) });
  expect(changeOf(born)).toMatchObject({ kind: 'row_changed', runId: run.id, after: { id: run.id, status: 'pending' } });
  expect(changeOf(born)).not.toHaveProperty('statusBefore');
  expect(Object(changeOf(born)).before).toBeUndefined();
  const changed = recordOf('MODIFY', runKey(run.id), { OldImage: runItem(run), NewImage: runItem(after) });
  expect(changeOf(changed)).toMatchObject({
    workspace: run.workspace,
    statusBefore: 'pending',
    status: 'pending',
    isHeld: false,
    before: { name: 'orders' },
    after: { name: 'renamed' },
  });
});

test('a row that is gone is the run as it was', () => {
  expect(changeOf(recordOf('REMOVE', runKey(run.id), { OldImage: runItem(run) }))).toMatchObject({
    kind: 'deleted',
    runId: run.id,
    isExpired: false,
    before: { id: run.id },
  });
});

test('what DynamoDB has deleted since its time was over has expired', () => {
  const record = recordOf('REMOVE', runKey(run.id), { OldImage: runItem(run) });
  const userIdentity = { type: 'Service', principalId: 'dynamodb.amazonaws.com' };
  const [parsed] = streamEvent.parse({ Records: [{ ...record, userIdentity }] }).Records;
  expect(parsed && changeOf(parsed)).toMatchObject({ kind: 'deleted', isExpired: true });
});

test.each([
  ['an entry that has expired', recordOf('REMOVE', journalKey(run.id, 7), { OldImage: journal })],
  ['an entry that is kept longer', recordOf('MODIFY', journalKey(run.id, 7), { OldImage: journal, NewImage: journal })],
  ['a comment', recordOf('INSERT', { pk: `RUN#${run.id}`, sk: 'COMMENT#1' }, { NewImage: {} })],
  ['the promise of a start', recordOf('INSERT', { pk: 'START#acme#1', sk: 'START' }, { NewImage: {} })],
])('nobody hears of %s', (_, record) => {
  expect(changeOf(record)).toBeUndefined();
});
