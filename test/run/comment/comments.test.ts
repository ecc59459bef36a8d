import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, expectRefusal, ONE_STEP, startApi } from '../../edge/api.ts';

let api: Api;
let run: string;
let operator: string;
let viewer: string;

beforeAll(async () => {
  api = await startApi();
  operator = await api.keyOf({ role: 'operator', project: 'examples' });
  viewer = await api.keyOf({ role: 'viewer', project: 'examples' });
  run = (await api.start(await api.publish(ONE_STEP))).body.id;
  await api.ended(run);
});
afterAll(() => api.close());

const add = (text: unknown, key?: string, id = run) => api.post(`/v1/runs/${id}/comments`, { text }, key ? { key } : {});
const at = (id: string) => `/v1/runs/${run}/comments/${id}`;

test('a comment says what, by whom and when, with its lines as they were written', async () => {
  const { status, body } = await add('The ERP was down.\r\n\tUntil noon. ☎', operator);
  expect(status).toBe(201);
  expect(body).toEqual({
    id: expect.any(String),
    run_id: run,
    actor: { kind: 'key', id: expect.any(String), name: 'local operator' },
    text: 'The ERP was down.\r\n\tUntil noon. ☎',
    created_at: expect.any(String),
    edited_at: null,
  });
  expect((await api.get(`/v1/runs/${run}/comments`, { key: viewer })).body.items[0]).toEqual(body);
});

test('comments are listed newest first, in pages', async () => {
  const id = (await api.start(await api.publish(ONE_STEP))).body.id;
  for (const text of ['one', 'two', 'three']) await add(text, operator, id);
  const first = (await api.get(`/v1/runs/${id}/comments?limit=2`)).body;
  const rest = (await api.get(`/v1/runs/${id}/comments?limit=2&continuation_token=${first.continuation_token}`)).body;
  const texts = [...first.items, ...rest.items].map(({ text }: { text: string }) => text);
  expect(texts.toSorted()).toEqual(['one', 'three', 'two']);
  expect(texts.at(0)).toBe('three');
  expect(rest.continuation_token).toBe(null);
  expectRefusal(
    await api.get(`/v1/runs/${run}/comments?continuation_token=${first.continuation_token}`),
    400,
    'continuation_token',
  );
});

test('its author changes a comment, and everybody sees that it was', async () => {
  const { id } = (await add('first', operator)).body;
  const changed = await api.call('PATCH', at(id), { key: operator, body: { text: 'second' } });
  expect(changed.body).toMatchObject({ id, text: 'second', edited_at: expect.any(String) });
  expect((await api.get(`/v1/runs/${run}/comments`)).body.items).toContainEqual(changed.body);
});

test('nobody else changes it, admins included; an admin deletes it, another operator does not', async () => {
  const other = await api.keyOf({ role: 'operator', project: 'examples' });
  const { id } = (await add('mine', operator)).body;
  for (const key of [other, undefined])
    expectRefusal(await api.call('PATCH', at(id), { ...(key && { key }), body: { text: 'yours' } }), 403);
  expectRefusal(await api.call('DELETE', at(id), { key: other }), 403);
  expect((await api.call('DELETE', at(id))).status).toBe(204);
  expectRefusal(await api.call('DELETE', at(id)), 404, 'comment');
  expectRefusal(await api.call('PATCH', at(id), { key: operator, body: { text: 'again' } }), 404, 'comment');
});

test('its author deletes it', async () => {
  const { id } = (await add('mine', operator)).body;
  expect((await api.call('DELETE', at(id), { key: operator })).status).toBe(204);
});

test('a viewer reads comments and writes none', async () => {
  expect((await api.get(`/v1/runs/${run}/comments`, { key: viewer })).status).toBe(200);
  expectRefusal(await add('x', viewer), 403);
});

test('a comment is found at its own run alone', async () => {
  const another = (await api.start(await api.publish(ONE_STEP))).body.id;
  const { id } = (await add('here', operator)).body;
  expectRefusal(await api.call('DELETE', `/v1/runs/${another}/comments/${id}`), 404, 'comment');
  expectRefusal(await add('x', operator, '01ARZ3NDEKTSV4RRFFQ69G5FAV'), 404, 'run');
});

describe('a text', () => {
  test('of 4,000 characters is taken', async () => {
    expect((await add('x'.repeat(4000), operator)).status).toBe(201);
  });

  test.each([
    ['longer than that', 'x'.repeat(4001)],
    ['that is empty', ''],
    ['of blanks', ' \n\t'],
    ['with control characters', 'a\u0000b'],
    ['that is no text', 7],
  ])('%s is refused', async (_, text) => {
    expectRefusal(await add(text, operator), 400, 'text');
  });
});
