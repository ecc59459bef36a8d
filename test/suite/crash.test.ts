import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { Installation } from '../harness/installation.ts';

const TESTS = 20;
const setting = new Installation();

beforeAll(() => setting.start());
afterAll(() => setting.close());

const made = z.object({ id: z.string() });
const suiteRun = made.extend({
  outcome: z.string(),
  results: z.array(z.object({ test_id: z.string(), outcome: z.string(), run_id: z.string().nullable() })),
});
const runs = z.object({ items: z.array(made) });

test('a kill in the middle of a run of the tests loses no case and runs none twice, whoever reads', {
  timeout: 120_000,
}, async () => {
  const workflow = await setting.api.publish({
    steps: [{ id: 'only', set: { n: '${ $input.n }' } }],
    output: { n: '${ $steps.only.n }' },
  });
  const of = `/v1/workflows/${workflow}`;
  for (let n = 0; n < TESTS; n += 1) {
    const run = await setting.api.ended((await setting.api.start(workflow, { n })).id);
    await setting.api.expect(201, 'POST', `${of}/tests`, { run_id: run.id });
  }

  const { id } = suiteRun.parse(await setting.api.expect(202, 'POST', `${of}/test-runs`, {}));
  await setting.crash();
  const read = async () => suiteRun.parse(await setting.api.expect(200, 'GET', `${of}/test-runs/${id}`));
  let now = await read();
  while (now.outcome === 'running') {
    await sleep(100);
    [now] = (await Promise.all([read(), read()])) as [typeof now, typeof now];
  }

  expect(now.results.filter(({ outcome }) => outcome !== 'same')).toEqual([]);
  const { items } = runs.parse(await setting.api.expect(200, 'GET', `${of}/runs?trigger=test&stage=Draft&limit=100`));
  expect(items.map((run) => run.id).toSorted()).toEqual(now.results.map(({ run_id }) => run_id ?? '').toSorted());
  expect(items).toHaveLength(TESTS);
});
