import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, expectRefusal, startApi } from '../edge/api.ts';
import { NOTHING } from '../edge/samples.ts';

let api: Api;
let workflow: string;
let first: string;
let second: string;

const STEPS = `
  - id: copy
    set: { text: '\${ $input.text }', id: '\${ $input.id }' }
  - id: each
    forEach:
      in: \${ $input.list }
      as: item
      steps:
        - id: one
          set: { item: '\${ $item }' }
  - id: guard
    if: \${ $input.fail = true }
    raise: { error: Refused, message: 'No.' }
`;

const run = async (inputs: object) => (await api.ended((await api.start(workflow, inputs)).body.id)).id as string;
const compare = (a: string, b: string, more = '', key?: string) =>
  api.get(`/v1/runs/compare?a=${a}&b=${b}${more}`, key === undefined ? {} : { key });

beforeAll(async () => {
  api = await startApi();
  workflow = await api.publish(STEPS, { top: 'input: { type: object, properties: { text: { secret: true } } }' });
  first = await run({ text: 'secret words', id: 1, list: [1, 2] });
  second = await run({ text: 'secret words', id: 2, list: [1, 3, 5], fail: true });
});
afterAll(() => api.close());

test('two runs are compared step by step: what they came to, and where inputs and outputs part', async () => {
  const { status, body } = await compare(first, second);
  expect(status).toBe(200);
  expect([body.a.id, body.b.id]).toEqual([first, second]);
  expect(body.inputs.items).toEqual([
    { path: '/id', before: 1, after: 2 },
    { path: '/list/1', before: 2, after: 3 },
    { path: '/list/2', after: 5 },
    { path: '/fail', after: true },
  ]);
  expect(body.steps.map(({ key, same }: { key: string; same: boolean }) => [key, same])).toEqual([
    ['copy', false],
    ['each', false],
    ['each[0]/one', true],
    ['each[1]/one', false],
    ['each[2]/one', false],
    ['guard', false],
  ]);
  const [copy, , , , added, guard] = body.steps;
  expect(copy.output).toEqual({ items: [{ path: '/id', before: 1, after: 2 }], more: false });
  expect(copy.a).toEqual({ status: 'succeeded', reason: null, attempts: 1, duration_ms: expect.any(Number), error: null });
  expect(added).toMatchObject({ a: null, b: { status: 'succeeded' }, output: { items: [{ path: '', after: { item: 5 } }] } });
  expect([guard.a.status, guard.b.status, guard.b.error.name]).toEqual(['skipped', 'failed', 'Refused']);
});

test('a run is the same as itself', async () => {
  const { body } = await compare(first, first);
  expect(body.steps.every(({ same }: { same: boolean }) => same)).toBe(true);
  expect([body.inputs.items, body.outputs.items]).toEqual([[], []]);
});

test('secrets are masked on both sides, and are no difference', async () => {
  const { text, body } = await compare(first, await run({ text: 'other secrets', id: 1, list: [1, 2] }));
  expect(text).not.toMatch(/secret words|other secrets/);
  expect(body.inputs.items).toEqual([]);
});

test('steps come in pages', async () => {
  const keys: string[] = [];
  let token = '';
  do {
    const { body } = await compare(first, second, `&limit=2${token && `&continuation_token=${encodeURIComponent(token)}`}`);
    keys.push(...body.steps.map(({ key }: { key: string }) => key));
    token = body.continuation_token ?? '';
  } while (token !== '');
  expect(keys).toEqual(['copy', 'each', 'each[0]/one', 'each[1]/one', 'each[2]/one', 'guard']);
  expectRefusal(await compare(first, second, '&continuation_token=nothing'), 400, 'continuation_token');
});

test('runs of other definitions are compared by the ids of steps; what only one has says so', async () => {
  const other = await api.publish('  - id: copy\n    set: { id: 1 }\n  - id: more\n    set: {}\n');
  const id = (await api.ended((await api.start(other)).body.id)).id;
  const { body } = await compare(first, id, '&limit=100');
  const more = body.steps.find(({ key }: { key: string }) => key === 'more');
  expect([more.a, more.b.status]).toEqual([null, 'succeeded']);
  expect(body.steps.find(({ key }: { key: string }) => key === 'each').b).toBe(null);
});

test('large values are compared whole and shown cut', async () => {
  const rows = Array.from({ length: 2000 }, (_, index) => `row ${index}`);
  const changed = rows.with(1999, 'x'.repeat(100_000));
  const [a, b] = [await run({ text: rows, id: 1, list: [] }), await run({ text: changed, id: 1, list: [changed] })];
  const { body } = await compare(a, b);
  const item = body.steps.find(({ key }: { key: string }) => key === 'each[0]/one');
  expect(item.output.items).toEqual([
    { path: '', after: { truncated: true, bytes: expect.any(Number), start: expect.any(String), whole: null } },
  ]);
});

test('a run that is not there, or belongs to others, is not found; a comparison needs both', async () => {
  expectRefusal(await compare(first, NOTHING), 404, 'run');
  expectRefusal(await compare(first, second, '', await api.keyOf({ workspace: 'other' })), 404, 'run');
  expectRefusal(await compare(first, second, '', await api.keyOf({ project: 'elsewhere' })), 404, 'run');
  expect((await compare(first, second, '', await api.keyOf({ role: 'viewer', project: 'examples' }))).status).toBe(200);
  expectRefusal(await api.get(`/v1/runs/compare?a=${first}`), 400, 'b');
});
