import { afterAll, beforeAll, expect, test } from 'vitest';
import { howMany } from '../../harness/how-many.ts';
import { Installation } from '../../harness/installation.ts';
import { all } from '../webhook/sender.ts';
import { atIn, type ScheduleResult, Schedules } from './client.ts';

const setting = new Installation();
const schedules = new Schedules(() => setting.api);
beforeAll(() => setting.start());
afterAll(() => setting.close());

/** More of them in `npm run soak`. */
const KILLS = howMany('KILLS', 2);
/** So that there are fires around every kill. */
const SCHEDULES = KILLS * 8;

test(
  `kill -9 ${KILLS} times around the fires of ${SCHEDULES} schedules: each fires once, none is lost`,
  async () => {
    const workflow = await setting.api.publish({ steps: [{ id: 'a', set: { ok: true } }], output: { ok: true } });
    const made: ScheduleResult[] = [];
    for (let k = 0; k < SCHEDULES; k++) {
      const expression = atIn(1500 + (k % (SCHEDULES / 2)) * 500);
      made.push(await schedules.create(workflow, { name: `s${k}`, expression, catch_up: 'all' }));
    }
    const due = made.map(({ next_fire }) => Date.parse(next_fire ?? ''));
    let inTheMiddle = 0;
    for (let k = 0; k < KILLS; k++) {
      await new Promise((resolve) => setTimeout(resolve, 900 + Math.random() * 1200));
      if (Date.now() < Math.max(...due)) inTheMiddle += 1;
      await setting.crash();
    }
    expect(setting.kills).toBe(KILLS);
    expect(inTheMiddle, 'kills before the last fire').toBeGreaterThanOrEqual(KILLS / 2);
    for (const schedule of made) {
      const fires = await schedules.until(schedule, ([fire]) => fire?.outcome === 'started');
      expect(fires).toHaveLength(1);
      // That it reaches its end is for the crash tests of runs to say.
      expect(await setting.api.run(fires[0]?.run_id ?? '')).toMatchObject({ trigger: 'schedule' });
    }
    const get = (path: string) => setting.api.call('GET', path);
    expect(await all({ get }, `/v1/workflows/${workflow}/runs`)).toHaveLength(SCHEDULES);
  },
  60_000 + KILLS * 30_000,
);

test('what was due while everything was down is made up for afterwards, by the rule of each schedule', async () => {
  const workflow = await setting.api.publish({ steps: [{ id: 'a', set: { ok: true } }] });
  const schedule = await schedules.create(workflow, { expression: atIn(1200) });
  await setting.kill();
  await new Promise((resolve) => setTimeout(resolve, 3000));
  await setting.start();
  const [fire] = await schedules.until(schedule, ([first]) => first?.outcome === 'started');
  expect(fire?.late_by).toBeGreaterThanOrEqual(0);
}, 60_000);
