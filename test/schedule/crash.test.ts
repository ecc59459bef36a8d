import { afterAll, beforeAll, expect, test } from 'vitest';
import { Household } from '../crash/household.ts';
import { atIn, type ScheduleResult, Schedules } from './client.ts';

const house = new Household();
const schedules = new Schedules(() => house.api);
beforeAll(() => house.start());
afterAll(() => house.close());

/** More of them by `KILLS=20 npx vitest run test/schedule/crash.test.ts`. */
const KILLS = Number(process.env['KILLS'] ?? 2);

test(
  `kill -9 ${KILLS} times around the fires of 16 schedules: each fires once, none is lost`,
  async () => {
    const workflow = await house.api.publish({ steps: [{ id: 'a', set: { ok: true } }], output: { ok: true } });
    const made: ScheduleResult[] = [];
    for (let k = 0; k < 16; k++)
      made.push(await schedules.create(workflow, { name: `s${k}`, expression: atIn(1500 + (k % 8) * 500), catch_up: 'all' }));
    for (let k = 0; k < KILLS; k++) {
      await new Promise((resolve) => setTimeout(resolve, 900 + Math.random() * 1200));
      await house.kill();
      await house.start();
    }
    for (const schedule of made) {
      const fires = await schedules.until(schedule, ([fire]) => fire?.outcome === 'started');
      expect(fires).toHaveLength(1);
      // That it reaches its end is for the crash tests of runs to say.
      expect(await house.api.run(fires[0]?.run_id ?? '')).toMatchObject({ trigger: 'schedule' });
    }
    const runs = await house.api.expect(200, 'GET', `/v1/workflows/${workflow}/runs?limit=100`);
    expect(runs).toMatchObject({ items: { length: made.length } });
  },
  60_000 + KILLS * 30_000,
);

test('what was due while everything was down is made up for afterwards, by the rule of each schedule', async () => {
  const workflow = await house.api.publish({ steps: [{ id: 'a', set: { ok: true } }] });
  const schedule = await schedules.create(workflow, { expression: atIn(1200) });
  await house.kill();
  await new Promise((resolve) => setTimeout(resolve, 3000));
  await house.start();
  const [fire] = await schedules.until(schedule, ([first]) => first?.outcome === 'started');
  expect(fire?.late_by).toBeGreaterThanOrEqual(0);
}, 60_000);
