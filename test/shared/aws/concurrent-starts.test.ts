import {
  DynamoDBClient,
  GetItemCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, test } from 'vitest';
import { DynamoRuns } from '../../../shared/aws/dynamo-runs.ts';
import { aRun } from '../../builders.ts';

// The emulator runs one transaction after the other; DynamoDB refuses the second of two at the same time.
const dynamo = mockClient(DynamoDBClient);
const runs = new DynamoRuns(() => new DynamoDBClient({}), { table: 'runs', retentionDays: 1 });
const key = { workspace: 'acme', hash: 'h', bodyHash: 'b' };
const cancelled = (Code: string) =>
  new TransactionCanceledException({ message: 'cancelled', $metadata: {}, CancellationReasons: [{ Code }, { Code: 'None' }] });

beforeEach(() => dynamo.reset());

describe('a start that meets another one under its key', () => {
  test('gets the run of the other when that is written', async () => {
    dynamo.on(TransactWriteItemsCommand).rejects(cancelled('TransactionConflict'));
    dynamo
      .on(GetItemCommand)
      .resolvesOnce({})
      .resolves({ Item: { runId: { S: 'first' }, bodyHash: { S: 'b' } } });
    expect(await runs.create(aRun(), key)).toEqual({ earlier: { runId: 'first', bodyHash: 'b' } });
  });

  test('is written when the other gave up', async () => {
    dynamo.on(TransactWriteItemsCommand).rejectsOnce(cancelled('TransactionConflict')).resolves({});
    dynamo.on(GetItemCommand).resolves({});
    expect(await runs.create(aRun(), key)).toEqual({});
  });

  test('does not try for ever', async () => {
    dynamo.on(TransactWriteItemsCommand).rejects(cancelled('TransactionConflict'));
    dynamo.on(GetItemCommand).resolves({});
    await expect(runs.create(aRun(), key)).rejects.toThrow(TransactionCanceledException);
    expect(dynamo.commandCalls(TransactWriteItemsCommand).length).toBeLessThanOrEqual(5);
  });
});
