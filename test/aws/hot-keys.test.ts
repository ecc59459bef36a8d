import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { errorKeyOf, labelItem, runItem, stateKeyOf } from '../../shared/run/store/run-items.dynamo.ts';
import { aRun } from '../harness/builders.ts';

const STARTS = 3000;
/** What a key of DynamoDB takes in a second. */
const MOST_UNITS = 1000;
const now = new Date('2026-11-23T08:00:00.000Z');
const runs = Array.from({ length: STARTS }, () =>
  aRun({ id: ulid(now.getTime()), trigger: 'webhook', triggerId: 'orders', reference: 'daily' }),
);

/** Of the key that is written most. */
function mostWrites(keys: (string | undefined)[]): number {
  const writes = new Map<string, number>();
  for (const key of keys) if (key !== undefined) writes.set(key, (writes.get(key) ?? 0) + 1);
  return Math.max(...writes.values());
}

test.each(['workspaceKey', 'projectKey', 'workflowKey', 'liveKey', 'triggerKey', 'triggerIdKey'])(
  'a second in which 3,000 runs of one workflow start takes no value of %s beyond what a key takes',
  (attribute) => {
    expect(mostWrites(runs.map((run) => runItem(run)[attribute]?.S))).toBeLessThan(MOST_UNITS);
  },
);

test.each(['failed', 'waiting'] as const)('neither does one in which as many become %s and others are it no more', (status) => {
  const entering = runs.map((run) => stateKeyOf({ ...run, status }, status, now, undefined));
  expect(mostWrites([...entering, ...entering])).toBeLessThan(MOST_UNITS);
});

test('neither does one in which all have the same label, or end with the same error', () => {
  expect(mostWrites(runs.map((run) => labelItem(run, 'env:live')['labelKey']?.S))).toBeLessThan(MOST_UNITS);
  expect(mostWrites(runs.map((run) => errorKeyOf(run, { name: 'Boom', message: 'no' })))).toBeLessThan(MOST_UNITS);
});
