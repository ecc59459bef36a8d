import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import type { JobServices } from '../../shared/job/ports.ts';
import { runsOf } from '../../shared/job/select.ts';
import { aRun } from '../harness/builders.ts';
import { MemoryRuns } from '../run/memory-runs.ts';

async function selected(count: number, { mostSelected = 100, now = () => new Date() } = {}): Promise<string[]> {
  const runs = new MemoryRuns();
  for (let at = 0; at < count; at += 1) await runs.create(aRun({ id: ulid(1_000 + at) }));
  const ids: string[] = [];
  const services: Pick<JobServices, 'runs' | 'now' | 'mostSelected'> = { runs, now, mostSelected };
  for await (const page of runsOf(services as JobServices, { workspace: 'acme' })) ids.push(...page.map(({ id }) => id));
  return ids;
}

test('a filter selects as many runs as may be, newest first, each once', async () => {
  const ids = await selected(100);
  expect(ids).toHaveLength(100);
  expect(ids).toEqual([...new Set(ids)].toSorted().toReversed());
  expect(await selected(1_200, { mostSelected: 2_000 })).toHaveLength(1_200);
});

test('one that selects more is refused, with the count', async () => {
  await expect(selected(101)).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.stringContaining('more than 100 runs'),
    details: [{ name: 'filter', value: 101 }],
  });
});

test('one that takes too long to look for is refused, with what to do', async () => {
  let ms = 0;
  const slow = () => {
    ms += 30_000;
    return new Date(ms);
  };
  await expect(selected(1_200, { mostSelected: 2_000, now: slow })).rejects.toMatchObject({
    kind: 'invalid',
    message: expect.stringContaining('takes too long'),
  });
});
