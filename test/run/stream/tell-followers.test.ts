import { expect, test } from 'vitest';
import type { RunFollower, StreamedChange } from '../../../shared/run/stream/streamed-change.ts';
import { tellFollowers } from '../../../shared/run/stream/tell-followers.ts';

const at = new Date('2026-11-23T08:00:00Z');
const nothing = { number: 1, isNotable: false, entries: [] };
const changes = ['1', '2', '3'].map((id): StreamedChange => ({ kind: 'appended', id, runId: 'r', at, ...nothing }));

function heardBy(answer: () => string[]) {
  const heard: string[][] = [];
  const follower: RunFollower = {
    name: 'test',
    follow: async (some) => {
      heard.push(some.map(({ id }) => id));
      return answer();
    },
  };
  return { follower, heard };
}

test('every follower hears of everything, in one order', async () => {
  const [one, other] = [heardBy(() => []), heardBy(() => [])];
  expect(await tellFollowers([one.follower, other.follower], changes, () => {})).toEqual([]);
  expect([one.heard, other.heard]).toEqual([[['1', '2', '3']], [['1', '2', '3']]]);
});

test('one that fails keeps nothing from the others; what it could not deal with is told, each once and in order', async () => {
  const failures: unknown[] = [];
  const broken = heardBy(() => {
    throw new Error('as asked');
  });
  const picky = heardBy(() => ['3', '2']);
  const well = heardBy(() => []);
  expect(await tellFollowers([picky.follower, well.follower], changes, () => {})).toEqual(['2', '3']);
  expect(
    await tellFollowers([broken.follower, picky.follower, well.follower], changes, (failure) => failures.push(failure)),
  ).toEqual(['1', '2', '3']);
  expect(well.heard).toHaveLength(2);
  expect(failures).toMatchObject([
    { follower: 'test', changes: ['1', '2', '3'], error: new Error('as asked') },
    { follower: 'test', changes: ['3', '2'] },
  ]);
});

test('nobody is called for nothing', async () => {
  const one = heardBy(() => []);
  await tellFollowers([one.follower], [], () => {});
  expect(one.heard).toEqual([]);
});
