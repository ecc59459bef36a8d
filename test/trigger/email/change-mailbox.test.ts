import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, expectRefusal, ONE_STEP, startApi } from '../../edge/api.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const SETTINGS = { permission: 'restricted', allowed: ['ada@example.com'], reply: 'result', max_size: 2048 };

async function aMailbox() {
  const path = `/v1/workflows/${await api.publish(ONE_STEP)}/mailbox`;
  const made = await api.call('PUT', path, { body: SETTINGS });
  return { path, made: made.body, patch: (body: object) => api.call('PATCH', path, { body }) };
}

test('PATCH changes what is said and nothing else; PUT puts defaults in the place of the rest', async () => {
  const { path, made, patch } = await aMailbox();
  expect((await patch({ enabled: false })).body).toEqual({ ...made, enabled: false });
  expect((await patch({})).body).toEqual({ ...made, enabled: false });
  expect((await patch({ enabled: true, max_size: 4096 })).body).toEqual({ ...made, max_size: 4096 });
  expect((await api.get(path)).body).toEqual({ ...made, max_size: 4096 });
  expect((await api.call('PUT', path, { body: { permission: 'anyone' } })).body).toMatchObject({ reply: 'none', allowed: [] });
});

test('changes of several fields at once are all there', async () => {
  const { path, patch } = await aMailbox();
  const changes = [{ enabled: false }, { stage: 'Draft' }, { reply: 'none' }];
  const answers = await Promise.all(changes.map((change) => patch(change)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect((await api.get(path)).body).toMatchObject({ ...SETTINGS, enabled: false, stage: 'Draft', reply: 'none' });
});

test('what would lock everybody out, is no field, or has no mailbox is refused', async () => {
  const { patch } = await aMailbox();
  expectRefusal(await patch({ allowed: [] }), 400, /allowed/);
  expectRefusal(await patch({ answer: 'result' }), 400, /answer/);
  const none = `/v1/workflows/${await api.publish(ONE_STEP)}/mailbox`;
  expectRefusal(await api.call('PATCH', none, { body: { reply: 'none' } }), 404);
});
