import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Budget, isFor, periodAt, stateOfBudget } from '../../shared/usage/budget.ts';
import { type Api, expectRefusal, ONE_STEP, startApi } from '../edge/api.ts';

let api: Api;
let key: string;
let workflow: string;
let other: string;
beforeAll(async () => {
  api = await startApi();
  key = await api.keyOf({});
  [workflow, other] = [await api.publish(ONE_STEP), await api.publish(ONE_STEP)];
  await api.ended((await api.start(workflow)).body.id);
  await vi.waitFor(async () => expect((await api.get('/v1/usage')).body.credits).toBe(1), { timeout: 25_000, interval: 200 });
});
afterAll(() => api.close());

const put = (items: unknown, ask = { key }) => api.call('PUT', '/v1/budgets', { ...ask, body: { items } });

test('a budget shows what is spent of it, and how far', async () => {
  const { status, body } = await put([
    { per: 'day', warn_at: 1, stop_at: 10 },
    { per: 'month', stop_at: 2.5 },
    { project_id: 'examples', per: 'day', warn_at: 5 },
    { workflow_id: other, per: 'day', warn_at: 1 },
  ]);
  expect(status).toBe(200);
  expect(body.items).toMatchObject([
    { project_id: null, workflow_id: null, per: 'day', spent: 1, state: 'warned', overdraft: false },
    { per: 'month', spent: 1, state: 'within', warn_at: null },
    { project_id: 'examples', spent: 1, state: 'within' },
    { project_id: 'examples', workflow_id: other, spent: 0, state: 'within' },
  ]);
  expect((await api.get('/v1/budgets', { key })).body).toEqual(body);
});

test('a start is refused once it is used up, with the reason; an overdraft, another workflow and tests are not', async () => {
  await put([{ workflow_id: workflow, per: 'day', stop_at: 1 }]);
  const refused = await api.start(workflow);
  expectRefusal(refused, 409, /stop_at spent/);
  expect(refused.body.message).toMatch(
    /^The budget of workflow \w+ is used up: 1 of 1 credits this day\. It begins anew at \d{4}-.*; an admin can raise it/,
  );
  expect((await api.start(other)).status).toBe(201);
  await put([{ workflow_id: workflow, per: 'day', stop_at: 1, overdraft: true }]);
  expect((await api.start(workflow)).status).toBe(201);
  await put([]);
});

test('bad budgets are refused by name, and nothing of another workspace or project is named', async () => {
  expectRefusal(await put([{ per: 'week' }]), 400, /per/);
  expectRefusal(await put([{ per: 'day', stop_at: 0 }]), 400, /stop_at/);
  expectRefusal(await put([{ per: 'day', limit: 1 }]), 400);
  expectRefusal(await put(Array.from({ length: 101 }, () => ({ per: 'day' }))), 400, /items/);
  expectRefusal(await put([{ workflow_id: workflow, per: 'day' }], { key: await api.keyOf({ workspace: 'elsewhere' }) }), 404);
  expectRefusal(await put([], { key: await api.keyOf({ role: 'editor' }) }), 403);
  expectRefusal(await put([], { key: await api.keyOf({ project: 'examples' }) }), 403);
});

test('a day and a month end where the next begins', () => {
  const now = new Date('2026-12-31T23:59:59.999Z');
  expect(periodAt('day', now)).toEqual({ from: '2026-12-31T00', next: '2027-01-01T00:00:00.000Z' });
  expect(periodAt('month', now)).toEqual({ from: '2026-12-01T00', next: '2027-01-01T00:00:00.000Z' });
});

test('a budget is for what it names, and is used up at its very end', () => {
  const budget: Budget = { per: 'day', warnAt: 5, stopAt: 10, overdraft: false };
  expect([4.999, 5, 9.999, 10].map((spent) => stateOfBudget(budget, spent))).toEqual(['within', 'warned', 'warned', 'exhausted']);
  const one = { id: 'w', project: 'p' };
  expect(isFor(budget, one)).toBe(true);
  expect(isFor({ ...budget, projectId: 'p', workflowId: 'w' }, one)).toBe(true);
  expect(isFor({ ...budget, projectId: 'q' }, one)).toBe(false);
  expect(isFor({ ...budget, projectId: 'p', workflowId: 'v' }, one)).toBe(false);
});
