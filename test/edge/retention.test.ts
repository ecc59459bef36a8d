import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, expectRefusal, ONE_STEP, startApi, uniqueName } from './api.ts';

const DAY = 86_400;

let api: Api;
beforeAll(async () => {
  api = await startApi({ bootstrapWorkspace: 'local', bootstrapProject: 'examples', retentionDays: 30 });
});
afterAll(() => api.close());

async function saved(top: string): Promise<string> {
  const definition = `format: 1\nname: ${uniqueName()}\n${top}\nsteps:\n${ONE_STEP}`;
  return (await api.post('/v1/workflows', { project_id: 'examples', definition })).body.id;
}

test.each(['timeout: 31d', ''])('a workflow whose runs may outlive what is kept of them is not published: "%s"', async (top) => {
  const id = await saved(top);
  expectRefusal(await api.post(`/v1/workflows/${id}/publish`, {}), 422, 'timeout');
  const draft = { command: 'start', params: { stage: 'Draft' } };
  expectRefusal(await api.post(`/v1/workflows/${id}/command`, draft), 400, 'timeout');
});

test('a timeout that an expression gives is held to the same at the start', async () => {
  const id = await api.publish(ONE_STEP, { top: "timeout: '${ $input.seconds }'" });
  const { status, body } = await api.start(id, { seconds: 30 * DAY });
  expect([status, Date.parse(body.deadline) - Date.parse(body.created_at)]).toEqual([201, 30 * DAY * 1000]);
  for (const seconds of [30 * DAY + 1, 0, -1, 'soon']) expectRefusal(await api.start(id, { seconds }), 400, 'timeout');
});
