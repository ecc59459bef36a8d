import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { authorizer } from '../../functions/api/authorize.ts';
import { type ApiKey, hashOf, type Keys, newKey } from '../../shared/access/key.ts';
import { callerIn } from '../../shared/edge/caller.ts';
import { StoreBusy } from '../../shared/kernel/store-busy.ts';

const { key, record } = newKey({ workspace: 'acme', name: 'ci', role: 'viewer' }, new Date());
let stored: ApiKey | undefined;
let reads: number;

function authorize() {
  const keys: Pick<Keys, 'byHash'> = {
    byHash: async (hash) => {
      reads += 1;
      return stored?.hash === hash ? stored : undefined;
    },
  };
  const ask = authorizer({ keys: () => keys as Keys });
  return async () => (await ask({ headers: { 'x-api-key': key } })).context;
}

let now: number;
/** The cache looks at the clock once in a millisecond. */
async function pass(ms: number) {
  now += ms;
  await setTimeout(2);
}

beforeEach(() => {
  [stored, reads, now] = [record, 0, 1_000];
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => vi.restoreAllMocks());

test('a key is read once in half a minute, and what is told of it is the caller alone', async () => {
  const ask = authorize();
  const caller = { kind: 'key', id: record.id, name: 'ci', workspace: 'acme', role: 'viewer' };
  for (let n = 0; n < 3; n += 1) expect(await ask()).toEqual(caller);
  expect(reads).toBe(1);
});

test('a revoked key works for half a minute at most, however often it is used', async () => {
  const ask = authorize();
  await ask();
  stored = { ...record, revokedAt: '2026-01-01T00:00:00.000Z' };
  for (let second = 0; second < 35; second += 5) {
    await pass(5_000);
    await ask();
  }
  expect(await ask()).toEqual({});
});

test('a key makes as many requests as the owner lets it, and after a pause that many again; another key does not suffer', async () => {
  const other = newKey({ workspace: 'acme', name: 'other', role: 'viewer' }, new Date());
  const all = [record, other.record];
  const found = { byHash: async (hash: string) => all.find((one) => one.hash === hash) };
  const authorize = authorizer({ keys: () => found as Keys, rate: () => ({ perSecond: 2, burst: 3 }) });
  const ask = async (of: string) => (await authorize({ headers: { 'x-api-key': of } })).context;
  const refused = { refused: 'busy', message: expect.stringContaining('more requests a second') };
  for (let n = 0; n < 3; n += 1) expect(await ask(key)).toMatchObject({ id: record.id });
  expect(await ask(key)).toEqual(refused);
  expect(await ask(other.key)).toMatchObject({ id: other.record.id });
  await pass(500);
  expect(await ask(key)).toMatchObject({ id: record.id });
  expect(await ask(key)).toEqual(refused);
  await pass(60_000);
  for (let n = 0; n < 3; n += 1) expect(await ask(key)).toMatchObject({ id: record.id });
  expect(await ask(key)).toEqual(refused);
});

test('a key that nobody knew is known as soon as it is made', async () => {
  const ask = authorize();
  stored = undefined;
  expect(await ask()).toEqual({});
  stored = record;
  expect(await ask()).toMatchObject({ workspace: 'acme' });
});

test('a table that does not answer lets nobody in', async () => {
  const ask = authorizer({ keys: () => ({ byHash: () => Promise.reject(new Error('down')) }) as never });
  await expect(ask({ headers: { 'x-api-key': key } })).rejects.toThrow('down');
});

test('a table that throttles lets nobody in either, and leaves it to the edge to say so', async () => {
  const throttled = Object.assign(new Error('slow down'), { name: 'ThrottlingException' });
  const ask = authorizer({ keys: () => ({ byHash: () => Promise.reject(throttled) }) as never });
  const { context } = await ask({ headers: { 'x-api-key': key } });
  expect(() => callerIn({ requestContext: { authorizer: { lambda: context } } } as never)).toThrow(StoreBusy);
});

test('what is stored of a key does not tell the key', () => {
  expect(JSON.stringify(record)).not.toContain(key);
  expect(record.hash).toBe(hashOf(key));
  expect(key.length).toBeGreaterThan(30);
});
