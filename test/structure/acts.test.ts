import { expect, test } from 'vitest';
import { operations } from '../../shared/api/routes.ts';
import type { Operation } from '../../shared/edge/route.ts';

/** A document is too large for a query, so it is checked by POST. */
const ONLY_LOOKS = ['checkWorkflow'];
const changing = Object.entries<Operation>(operations).filter(
  ([id, { method, open }]) => method !== 'GET' && !open && !ONLY_LOOKS.includes(id),
);

test('every operation that changes something names its act, which is a word of shared/kernel/act.ts', () => {
  const nameless = changing.filter(([, { act }]) => act === undefined || act.length === 0);
  expect(nameless.map(([id]) => id)).toEqual([]);
  expect(changing.length).toBeGreaterThanOrEqual(35);
});

test('an operation that changes nothing is no act', () => {
  const reading = Object.entries<Operation>(operations).filter(([, { method, act }]) => method === 'GET' && act !== undefined);
  expect(reading.map(([id]) => id)).toEqual([]);
});
