import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { savedViews } from '../../functions/adapters.ts';
import { MOST_OWN, MOST_SHARED } from '../../shared/view/save-view.ts';
import { viewAfter } from '../../shared/view/saved-view.ts';
import { type Api, type Ask, expectRefusal, ONE_STEP, startApi } from '../edge/api.ts';

let api: Api;
let workflow: string;
const keys: Record<'whole' | 'ops' | 'sales' | 'viewer' | 'abroad', string> = {
  whole: '',
  ops: '',
  sales: '',
  viewer: '',
  abroad: '',
};

beforeAll(async () => {
  api = await startApi();
  keys.whole = await api.keyOf({});
  keys.ops = await api.keyOf({ project: 'ops', role: 'operator' });
  keys.sales = await api.keyOf({ project: 'sales', role: 'operator' });
  keys.viewer = await api.keyOf({ project: 'ops', role: 'viewer' });
  keys.abroad = await api.keyOf({ workspace: 'elsewhere' });
  workflow = await api.publish(ONE_STEP, { key: keys.whole, project: 'ops' });
});
afterAll(() => api.close());

const path = (name: string) => `/v1/views/${encodeURIComponent(name)}`;
const save = (name: string, body: object, ask: Ask) => api.call('PUT', path(name), { ...ask, body });
const remove = (name: string, ask: Ask, query = '') => api.call('DELETE', path(name) + query, ask);
const listed = async (key: string): Promise<{ name: string; own: boolean }[]> => (await api.get('/v1/views', { key })).body.items;
const namesOf = async (key: string) => (await listed(key)).map(({ name }) => name);

describe('a saved view', () => {
  test('is kept under its name as the filter was written, and can be changed and deleted', async () => {
    const key = keys.viewer;
    const filter = { status: ['failed', 'timed_out'], label: ['customer:acme'], reference: 'PO-*', from: '2026-11-01T00:00:00Z' };
    const { status, body } = await save('Failed, été 2026', { filter }, { key });
    expect([status, body]).toMatchObject([
      200,
      { name: 'Failed, été 2026', filter, shared: false, own: true, project_id: 'ops' },
    ]);
    expect(body).toMatchObject({ last: null, columns: null });
    const more = { last: '7d', columns: ['status', 'labels'] };
    const again = await save('Failed, été 2026', { filter: { workflow_id: workflow }, ...more }, { key });
    expect(again.body).toMatchObject({ id: body.id, created_at: body.created_at, filter: { workflow_id: workflow }, ...more });
    for (const odd of [
      { last: '7' },
      { last: '0d' },
      { last: 'yesterday' },
      { columns: [] },
      { columns: [''] },
      { columns: 'status' },
    ])
      expectRefusal(await save('odd', { filter: {}, ...odd }, { key }), 400);
    expect(await listed(key)).toEqual([again.body]);
    expect((await remove('Failed, été 2026', { key })).status).toBe(204);
    expect(await listed(key)).toEqual([]);
    expectRefusal(await remove('Failed, été 2026', { key }), 404);
  });

  test('is seen by others when it is shared, as far as they may see its project', async () => {
    await save('mine', { filter: { q: 'po' } }, { key: keys.ops });
    await save('ours', { filter: { q: 'po' }, shared: true }, { key: keys.ops });
    await save('of all', { filter: { status: ['failed'] }, shared: true }, { key: keys.whole });
    await save('of a workflow', { filter: { workflow_id: workflow }, shared: true }, { key: keys.whole });
    expect(await namesOf(keys.ops)).toEqual(['mine', 'ours', 'of a workflow']);
    expect((await namesOf(keys.whole)).toSorted()).toEqual(['of a workflow', 'of all', 'ours']);
    expect(await listed(keys.viewer)).toMatchObject([
      { name: 'ours', own: false, project_id: 'ops' },
      { name: 'of a workflow', own: false },
    ]);
    expect([await namesOf(keys.sales), await namesOf(keys.abroad)]).toEqual([[], []]);
  });

  test('is its owner’s: a name of others is free, and only an admin deletes what others share', async () => {
    const { body } = await save('both', { filter: {}, shared: true }, { key: keys.ops });
    await save('both', { filter: { q: 'other' } }, { key: keys.viewer });
    const owner = `?owner_id=${body.owner.id}`;
    for (const key of [keys.viewer, keys.sales]) expectRefusal(await remove('both', { key }, owner), 403);
    expectRefusal(await remove('both', { key: keys.abroad }, owner), 404);
    expectRefusal(await remove('mine', { key: keys.whole }, owner), 404);
    expect((await remove('both', { key: keys.whole }, owner)).status).toBe(204);
    expect((await namesOf(keys.viewer)).filter((name) => name === 'both')).toEqual(['both']);
    expect(await namesOf(keys.ops)).not.toContain('both');
  });

  test('is shared by an operator at least', async () => {
    expectRefusal(await save('theirs', { filter: {}, shared: true }, { key: keys.viewer }), 403);
    expect((await save('theirs', { filter: {} }, { key: keys.viewer })).status).toBe(200);
  });

  test.each([
    ['no filter', {}],
    ['an unknown field', { filter: { stauts: ['failed'] } }],
    ['an unknown state', { filter: { status: ['lost'] } }],
    ['states in one text', { filter: { status: 'failed' } }],
    ['no state', { filter: { status: [] } }],
    ['a label without a value', { filter: { label: ['acme'] } }],
    ['more labels than a run has', { filter: { label: Array.from({ length: 21 }, (_, at) => `n:${at}`) } }],
    ['half an id', { filter: { id: 'x' } }],
    ['a time that is none', { filter: { from: 'yesterday' } }],
    ['a trigger that is none', { filter: { trigger: 'carrier pigeon' } }],
    ['a reference that is too long', { filter: { reference: 'x'.repeat(202) } }],
    ['something else than yes or no', { filter: {}, shared: 'yes' }],
    ['a field beside', { filter: {}, owner: 'me' }],
  ])('of %s is refused', async (_, body) => {
    expectRefusal(await save('bad', body, { key: keys.ops }), 400);
  });

  test('of what its owner may not see is refused as if it were not there', async () => {
    for (const filter of [{ workflow_id: workflow }, { project_id: 'ops' }])
      expectRefusal(await save('foreign', { filter }, { key: keys.sales }), 404);
    expectRefusal(await save('foreign', { filter: { workflow_id: workflow } }, { key: keys.abroad }), 404);
  });

  test.each(['a/b', 'a?b', '50%', ' a', 'a ', 'x'.repeat(61), 'a\u0007b'])('is not called %j', async (name) => {
    const { status } = await save(name, { filter: {} }, { key: keys.ops });
    // A slash makes another path of it.
    expect([400, 404]).toContain(status);
  });

  test('is one of a hundred at the most', async () => {
    const key = await api.keyOf({ role: 'viewer' });
    for (let at = 0; at < MOST_OWN; at += 20)
      await Promise.all(
        Array.from({ length: 20 }, (_, more) => save(`view ${at + more}`, { filter: { q: `${more}` } }, { key })),
      );
    expect((await listed(key)).filter(({ own }) => own)).toHaveLength(MOST_OWN);
    expectRefusal(await save('one more', { filter: {} }, { key }), 409, 'limit');
    expect((await save('view 7', { filter: { q: 'changed' } }, { key })).status).toBe(200);
  });

  test('that is shared is one of two hundred of the workspace at the most', async () => {
    const workspace = 'sharing';
    const key = await api.keyOf({ workspace });
    const other = await api.keyOf({ workspace });
    const owner = { kind: 'key', id: 'somebody', name: 'somebody' } as const;
    const store = async (name: string) => {
      const asked = { workspace, owner: { ...owner, id: `${owner.id}-${name.slice(-1)}` }, name, shared: true, filter: {} };
      expect(await savedViews().save(viewAfter(undefined, asked, new Date()), undefined)).toBe(true);
    };
    for (let at = 0; at < MOST_SHARED - 1; at += 20)
      await Promise.all(Array.from({ length: Math.min(20, MOST_SHARED - 1 - at) }, (_, more) => store(`view ${at + more}`)));
    const shared = { filter: {}, shared: true };
    await vi.waitFor(async () => expect(await listed(key)).toHaveLength(MOST_SHARED - 1));
    expect((await save('the last', shared, { key })).status).toBe(200);
    expect(await listed(other)).toHaveLength(MOST_SHARED);

    // Whoever it is; what is there can be changed, and what is not shared has another limit.
    for (const one of [key, other]) expectRefusal(await save('one more', shared, { key: one }), 409, 'limit');
    expect((await save('the last', { ...shared, filter: { q: 'changed' } }, { key })).status).toBe(200);
    expect((await save('one more', { filter: {} }, { key: other })).status).toBe(200);
    expectRefusal(await save('one more', shared, { key: other }), 409, 'limit');
    expect((await save('the last', { filter: {} }, { key })).status).toBe(200);
    expect((await save('one more', shared, { key: other })).status).toBe(200);
    expect((await listed(key)).filter(({ own }) => !own)).toHaveLength(MOST_SHARED);
  });

  test('saved by many at once is one of them', async () => {
    const key = keys.ops;
    const all = await Promise.all(Array.from({ length: 8 }, (_, at) => save('race', { filter: { q: `${at}` } }, { key })));
    expect(all.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    expect(new Set(all.map(({ body }) => body.id)).size).toBe(1);
    expect((await namesOf(key)).filter((name) => name === 'race')).toHaveLength(1);
  });
});
