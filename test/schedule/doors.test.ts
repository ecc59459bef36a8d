import { expect, test } from 'vitest';
import { setting } from '../run/setting.ts';
import { atIn, Schedules } from './client.ts';

const here = setting();
const schedules = new Schedules(() => here.api);
const quick = { steps: [{ id: 'a', set: { ok: true } }], output: { ok: true } };

test('a schedule starts a run at its time, with a receipt and a line in the ledger', async () => {
  const workflow = await here.api.publish({ ...quick, input: { type: 'object', properties: { n: { type: 'number' } } } });
  const schedule = await schedules.create(workflow, { expression: atIn(1500), inputs: { n: 7 } });
  const [fire] = await schedules.until(schedule, (fires) => fires.some(({ outcome }) => outcome === 'started'));
  expect(fire).toMatchObject({ outcome: 'started', kind: 'expected', reason: null, attempt: 1 });
  expect(await here.api.ended(fire?.run_id ?? '')).toMatchObject({
    status: 'succeeded',
    trigger: 'schedule',
    stage: 'Published',
    inputs: { n: 7 },
  });
  const receipts = await here.api.expect(200, 'GET', `/v1/receipts?workflow_id=${workflow}&door=schedule`);
  expect(receipts).toMatchObject({ items: [{ id: fire?.receipt_id, outcome: 'accepted', run_id: fire?.run_id }] });
  expect(await schedules.get(schedule)).toMatchObject({ next_fire: null, last_run: { run_id: fire?.run_id } });
});
