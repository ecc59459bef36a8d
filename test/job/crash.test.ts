import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { howMany } from '../harness/how-many.ts';
import { Installation } from '../harness/installation.ts';

const setting = new Installation();
beforeAll(() => setting.start());
afterAll(() => setting.close());

/** More of both in `npm run soak`. */
const RUNS = howMany('JOB_RUNS', 200);
const KILLS = howMany('KILLS', 2);

const jobShape = z.object({
  id: z.string(),
  ended_at: z.string().nullable(),
  status: z.string(),
  total: z.int(),
  done: z.int(),
  skipped: z.int(),
  failed: z.int(),
});
const resultShape = z.object({ run_id: z.string(), outcome: z.string(), started_run_id: z.string() });
const resultPage = z.object({ items: z.array(resultShape), continuation_token: z.string().nullable() });
const runPage = z.object({ items: z.array(z.object({ id: z.string(), trigger: z.string() })) });

const jobNow = async (id: string) => jobShape.parse(await setting.api.expect(200, 'GET', `/v1/jobs/${id}`));

async function resultsOf(id: string) {
  const items: z.infer<typeof resultShape>[] = [];
  for (let token = ''; ; ) {
    const page = resultPage.parse(await setting.api.expect(200, 'GET', `/v1/jobs/${id}/results?limit=100${token}`));
    items.push(...page.items);
    if (page.continuation_token === null) return items;
    token = `&continuation_token=${page.continuation_token}`;
  }
}

test(
  `kill -9 ${KILLS} times half-way through a job of ${RUNS} runs: each is run again exactly once`,
  async () => {
    const workflow = await setting.api.publish({ steps: [{ id: 'a', set: { ok: true } }] });
    const ids: string[] = [];
    while (ids.length < RUNS)
      ids.push(...(await Promise.all(Array.from({ length: 25 }, () => setting.api.start(workflow)))).map(({ id }) => id));
    for (const id of ids) await setting.api.ended(id);
    const { id } = jobShape.parse(
      await setting.api.expect(202, 'POST', '/v1/jobs', {
        verb: 'rerun',
        filter: { workflow_id: workflow },
        params: { from: 'start' },
      }),
    );
    for (let kill = 1; kill <= KILLS; kill += 1) {
      while ((await jobNow(id)).done < (RUNS * kill) / (KILLS + 1)) await sleep(1);
      await setting.crash();
      expect((await jobNow(id)).done, 'settled when it was killed').toBeLessThan(RUNS);
    }
    let job = await jobNow(id);
    for (; job.ended_at === null; job = await jobNow(id)) await sleep(20);
    expect(job).toMatchObject({ status: 'completed', total: RUNS, done: RUNS, skipped: 0, failed: 0 });
    const results = await resultsOf(id);
    expect(results.map(({ run_id }) => run_id).toSorted()).toEqual(ids.toSorted());
    expect(new Set(results.map(({ started_run_id }) => started_run_id)).size).toBe(RUNS);
    for (const { run_id, started_run_id } of results) {
      const { items } = runPage.parse(await setting.api.expect(200, 'GET', `/v1/runs?parent=${run_id}&archived=any`));
      expect(items).toMatchObject([{ id: started_run_id, trigger: 'rerun' }]);
    }
  },
  120_000 + RUNS * 100,
);
