import { expect, test } from 'vitest';
import { Lane, type LaneParts } from '../../local/lambda/lane.ts';

const mapping: LaneParts['mapping'] = {
  id: 'Mapping',
  functionArn: 'fn',
  streamArn: 'stream',
  table: 'things',
  batchSize: 3,
  windowMs: 5_000,
  lanes: 1,
  patterns: [],
  reportsFailures: false,
  bisects: false,
  maxRetries: undefined,
  maxAgeMs: undefined,
  deadLetterArn: undefined,
};
const record = (n: number) => ({
  shardId: 's',
  settled: false,
  record: { eventName: 'INSERT', dynamodb: { SequenceNumber: String(n), ApproximateCreationDateTime: 1, Keys: {} } },
});

test('records are gathered for as long as the mapping says, or until they are a batch', async () => {
  const batches: number[] = [];
  const pauses: { ms: number; end: () => void }[] = [];
  const lane = new Lane({
    mapping,
    invoke: async (event) => batches.push(Object(event).Records.length),
    settled: () => {},
    bury: () => {},
    pause: (ms) => new Promise((end) => pauses.push({ ms, end })),
    isOpen: () => true,
  });
  lane.add(record(1));
  await expect.poll(() => pauses.length).toBe(1);
  lane.add(record(2));
  expect([batches, pauses[0]?.ms]).toEqual([[], 5_000]);
  pauses[0]?.end();
  await expect.poll(() => batches).toEqual([2]);
  for (const n of [3, 4, 5, 6, 7, 8]) lane.add(record(n));
  await expect.poll(() => batches).toEqual([2, 3, 3]);
  expect(pauses).toHaveLength(1);
});
