import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, expectRefusal, startApi } from '../edge/api.ts';

let api: Api;
let workspaceKey: string;
beforeAll(async () => {
  api = await startApi();
  workspaceKey = await api.keyOf({});
});
afterAll(() => api.close());

let people = 0;
const person = (more: object = {}) => ({ email: `person${people++}@example.com`, name: 'Ada', role: 'viewer', ...more });
const add = (member: object, key = workspaceKey) => api.post('/v1/members', member, { key });
const listed = async (key = workspaceKey) => (await api.get('/v1/members?limit=100', { key })).body.items;

describe('a member', () => {
  test('is of the whole workspace, or of the project that is named, and says who added them', async () => {
    const whole = await add(person());
    expect(whole.status).toBe(201);
    expect(whole.body).toMatchObject({ name: 'Ada', role: 'viewer', project_id: null, created_by: { kind: 'key' } });
    const { body } = await add(person({ project_id: 'sales' }));
    expect(body.project_id).toBe('sales');
    expect(await listed()).toEqual(expect.arrayContaining([whole.body, body]));
  });

  test('is one by their address, whatever its case; in each project once', async () => {
    const ada = person();
    expect((await add(ada)).status).toBe(201);
    const again = await add({ ...ada, email: ada.email.toUpperCase(), role: 'admin' });
    expectRefusal(again, 409, 'email');
    expect(again.body.message).toContain(ada.email);
    for (const project_id of ['north', 'south']) expect((await add({ ...ada, project_id })).status).toBe(201);
    expectRefusal(await add({ ...ada, project_id: 'south' }), 409, 'email');
  });

  test('is renamed and gets another role', async () => {
    const { body } = await add(person());
    const changed = await api.call('PATCH', `/v1/members/${body.id}`, {
      key: workspaceKey,
      body: { role: 'editor', name: 'Ada L.' },
    });
    expect(changed.body).toEqual({ ...body, role: 'editor', name: 'Ada L.' });
    const same = await api.call('PATCH', `/v1/members/${body.id}`, { key: workspaceKey, body: {} });
    expect(same.body).toEqual(changed.body);
    expect(await listed()).toContainEqual(changed.body);
  });

  test('is removed, and may be added again', async () => {
    const ada = person();
    const { id } = (await add(ada)).body;
    expect((await api.call('DELETE', `/v1/members/${id}`, { key: workspaceKey })).status).toBe(204);
    expectRefusal(await api.call('DELETE', `/v1/members/${id}`, { key: workspaceKey }), 404, 'member');
    expectRefusal(await api.call('PATCH', `/v1/members/${id}`, { key: workspaceKey, body: { role: 'admin' } }), 404, 'member');
    expect((await add(ada)).status).toBe(201);
  });

  test.each([
    ['email', { email: 'nobody' }],
    ['role', { role: 'owner' }],
    ['name', { name: '' }],
  ])('with a wrong %s is refused', async (field, wrong) => {
    expectRefusal(await add({ ...person(), ...wrong }), 400, field);
  });
});

test('an admin of one project sees and makes its members alone', async () => {
  const key = await api.keyOf({ project: 'sales' });
  const { body: whole } = await add(person());
  const { body: own } = await add(person(), key);
  expect(own.project_id).toBe('sales');
  expect(new Set((await listed(key)).map(({ project_id }: { project_id: string }) => project_id))).toEqual(new Set(['sales']));
  expectRefusal(await api.call('PATCH', `/v1/members/${whole.id}`, { key, body: { role: 'admin' } }), 404, 'member');
  expectRefusal(await api.call('DELETE', `/v1/members/${whole.id}`, { key }), 404, 'member');
  expectRefusal(await add(person({ project_id: 'north' }), key), 404, 'project');
});

test('the list goes on behind its token, without gaps or repeats', async () => {
  const whole = (await listed()).map(({ id }: { id: string }) => id);
  const seen: string[] = [];
  let token = '';
  do {
    const { body } = await api.get(`/v1/members?limit=2${token && `&continuation_token=${token}`}`, { key: workspaceKey });
    seen.push(...body.items.map(({ id }: { id: string }) => id));
    token = body.continuation_token ?? '';
  } while (token);
  expect(seen).toEqual(whole);
});

test('members are no keys, and keys no members: neither list holds the other', async () => {
  const { body } = await add(person());
  expect((await api.get('/v1/api-keys?limit=100', { key: workspaceKey })).text).not.toContain(body.id);
  const keys = (await api.get('/v1/api-keys?limit=100', { key: workspaceKey })).body.items;
  const ids = (await listed()).map(({ id }: { id: string }) => id);
  for (const { id } of keys) expect(ids).not.toContain(id);
});

test('whoever calls is told who they are', async () => {
  const key = await api.keyOf({ role: 'viewer', project: 'sales' });
  expect((await api.get('/v1/me', { key })).body).toEqual({
    kind: 'key',
    id: expect.any(String),
    name: 'local viewer',
    email: null,
    role: 'viewer',
    workspace: 'local',
    project_id: 'sales',
    memberships: [],
    live_url: expect.stringMatching(/^ws:.*\/v1\/live$/),
  });
  expect((await api.get('/v1/me', { key: workspaceKey })).body).toMatchObject({ role: 'admin', project_id: null });
});
