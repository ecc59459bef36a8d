import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OperationId, operations } from '../../shared/api/routes.ts';
import type { Operation } from '../../shared/edge/route.ts';
import { allows, ROLES, type Role } from '../../shared/kernel/role.ts';
import { type Api, expectRefusal, ONE_STEP, startApi } from './api.ts';
import { type Known, operationIds, samplesOf, titleOf } from './samples.ts';

let api: Api;
let known: Known;
const keys = new Map<Role, string>();

beforeAll(async () => {
  api = await startApi();
  for (const role of ROLES) keys.set(role, await api.keyOf({ role }));
  const workflow_id = await api.publish(ONE_STEP);
  const run_id = (await api.start(workflow_id)).body.id;
  await api.ended(run_id);
  const key_id = (await api.post('/v1/api-keys', { name: 'spare', role: 'viewer' })).body.id;
  known = { workflow_id, run_id, key_id, project: 'examples' };
});
afterAll(() => api.close());

const nobody: Known = {
  workflow_id: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  run_id: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  key_id: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  project: 'examples',
};

const roleOf = (id: OperationId): Role => (operations[id] as Operation).role ?? 'viewer';
const isOpen = (id: OperationId) => (operations[id] as Operation).open === true;
const titled = (ids: OperationId[]) => ids.map((id) => [titleOf(id), id] as const);

async function ask(id: OperationId, key: string | null) {
  const [{ method, path, body }] = samplesOf(id, nobody);
  return api.call(method, path, { key, body });
}

describe.each(titled(operationIds.filter(isOpen)))('%s', (_, id) => {
  test('needs no key, and minds none', async () => {
    // The address of a webhook, or of a link, is a credential of its own: what is asked for here is not there.
    const answered = (operations[id] as Operation).raw ? [400, 404] : [200];
    for (const key of [null, 'nonsense']) expect(answered).toContain((await ask(id, key)).status);
  });
});

describe.each(titled(operationIds.filter((id) => !isOpen(id))))('%s', (_, id) => {
  test('without a key, or with one that nobody knows, is 401', async () => {
    for (const key of [null, '', 'nonsense', 'x'.repeat(300), "' OR 1=1 --", 'KEY#x']) expectRefusal(await ask(id, key), 401);
  });

  test.each(ROLES.map((role) => [role]))('for a key with the role %s', async (role) => {
    const answered = await ask(id, keys.get(role) ?? '');
    // Everybody deletes views of their own; what others share, as here, is for admins.
    const least = id === 'deleteView' ? 'admin' : roleOf(id);
    if (allows(role, least)) expect([401, 403]).not.toContain(answered.status);
    else {
      expectRefusal(answered, 403);
      expect(answered.body.message).toContain(least);
    }
  });
});

describe('a key', () => {
  test('may come as x-api-key or as a bearer', async () => {
    const bearer = { authorization: 'Bearer local-dev-key' };
    expect((await api.get('/v1/runs', { key: null, headers: bearer })).status).toBe(200);
    expectRefusal(await api.get('/v1/runs', { key: null, headers: { authorization: 'Basic local-dev-key' } }), 401);
    expectRefusal(await api.get('/v1/runs', { key: null, headers: { authorization: 'Bearer' } }), 401);
  });

  test('is shown once, works at once and is nowhere in the list', async () => {
    const made = await api.post('/v1/api-keys', { name: 'ci', role: 'viewer' });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      name: 'ci',
      role: 'viewer',
      project_id: 'examples',
      revoked_at: null,
      key: expect.stringMatching(/^mr_/),
    });
    expect((await api.get('/v1/runs', { key: made.body.key })).status).toBe(200);
    const listed = await api.get('/v1/api-keys');
    expect(listed.text).not.toContain(made.body.key);
    expect(listed.body.items).toContainEqual(expect.objectContaining({ id: made.body.id, name: 'ci' }));
  });

  test('that is revoked before it was ever used opens nothing', async () => {
    const { body } = await api.post('/v1/api-keys', { name: 'gone', role: 'admin' });
    expect((await api.call('DELETE', `/v1/api-keys/${body.id}`)).status).toBe(204);
    expect((await api.call('DELETE', `/v1/api-keys/${body.id}`)).status).toBe(204);
    expectRefusal(await api.get('/v1/runs', { key: body.key }), 401);
  });

  test('cannot revoke itself', async () => {
    const key = await api.keyOf({});
    const { body } = await api.get('/v1/api-keys', { key });
    expectRefusal(await api.call('DELETE', `/v1/api-keys/${body.items[0].id}`, { key }), 409);
  });

  test('list goes on behind its token, without gaps or repeats', async () => {
    const whole = (await api.get('/v1/api-keys?limit=100')).body.items.map(({ id }: { id: string }) => id);
    const seen: string[] = [];
    let token = '';
    do {
      const { body } = await api.get(`/v1/api-keys?limit=2${token && `&continuation_token=${token}`}`);
      seen.push(...body.items.map(({ id }: { id: string }) => id));
      token = body.continuation_token ?? '';
    } while (token);
    expect(seen).toEqual(whole);
  });
});

describe('for whom it is not, nothing exists', () => {
  test('lists hold only what is theirs', async () => {
    const key = await api.keyOf({ workspace: 'others' });
    const workflows = ['/v1/workflows', '/v1/workflows?project_id=examples', '/v1/workflows?q=flow'];
    for (const path of [...workflows, '/v1/runs', '/v1/runs?project_id=examples', '/v1/runs?status=succeeded'])
      expect((await api.get(path, { key })).body).toEqual({ items: [], continuation_token: null, searched_to: null });
    expect((await api.get('/v2/processes?agent_id=examples', { key })).body.items).toEqual([]);
    expect((await api.get('/v1/api-keys', { key })).body.items).toMatchObject([{ name: 'others admin' }]);

    const id = await api.publish(ONE_STEP, { key });
    expect((await api.get('/v1/workflows', { key })).body.items).toMatchObject([{ id }]);
    expectRefusal(await api.get(`/v1/workflows/${id}`), 404);
  });

  test('a token of another workspace is a bad token', async () => {
    const key = await api.keyOf({ workspace: 'others' });
    for (let n = 0; n < 2; n += 1) await api.start(known.workflow_id);
    const token = (await api.get('/v1/runs?limit=1')).body.continuation_token;
    expectRefusal(await api.get(`/v1/runs?limit=1&continuation_token=${token}`, { key }), 400, 'continuation_token');
    expectRefusal(await api.get(`/v1/workflows?continuation_token=${token}`), 400, 'continuation_token');
  });
});

describe('a key of the whole workspace', () => {
  test('works in every project of it', async () => {
    const key = await api.keyOf({});
    const ids = [await api.publish(ONE_STEP, { project: 'north', key }), await api.publish(ONE_STEP, { project: 'south', key })];
    for (const id of ids) expect((await api.start(id, {}, { key })).status).toBe(201);
    const made = await api.post('/v1/api-keys', { name: 'x', role: 'viewer' }, { key });
    expect(made.body.project_id).toBe(null);
    expect((await api.get(`/v1/workflows/${ids[1]}`, { key: made.body.key })).status).toBe(200);
  });
});

describe('a key of one project', () => {
  test('works in its project alone, and makes keys for it alone', async () => {
    const key = await api.keyOf({ project: 'sales' });
    const mine = await api.publish(ONE_STEP, { project: 'sales', key });
    expect((await api.start(mine, {}, { key })).status).toBe(201);
    expectRefusal(await api.post('/v1/workflows', { project_id: 'examples', definition: 'x' }, { key }), 404);
    expectRefusal(await api.post('/v1/api-keys', { name: 'x', role: 'viewer', project_id: 'examples' }, { key }), 404);
    const made = await api.post('/v1/api-keys', { name: 'x', role: 'viewer' }, { key });
    expect(made.body.project_id).toBe('sales');
    const listed = (await api.get('/v1/api-keys', { key })).body.items;
    expect(new Set(listed.map(({ project_id }: { project_id: string }) => project_id))).toEqual(new Set(['sales']));
  });

  test('sees in every list what is in its project', async () => {
    const key = await api.keyOf({ project: 'support' });
    const mine = await api.publish(ONE_STEP, { project: 'support', key });
    const run = (await api.start(mine, {}, { key })).body.id;
    const ids = async (path: string) => (await api.get(path, { key })).body.items.map(({ id }: { id: string }) => id);
    expect(await ids('/v1/workflows')).toEqual([mine]);
    expect(await ids('/v1/runs')).toEqual([run]);
    for (const list of ['workflows', 'runs', 'deliveries', 'files'])
      expectRefusal(await api.get(`/v1/${list}?project_id=examples`, { key }), 404, /^project$/);
    await api.ended(run, { key });
    expect(await ids('/v1/runs?status=succeeded')).toEqual([run]);
    expect(await ids('/v1/runs?status=failed')).toEqual([]);
  });
});
