import { expect, test } from 'vitest';
import * as z from 'zod';
import { setting } from './setting.ts';

const at = setting();

const truncated = z.object({ whole: z.string() });
const page = z.object({ items: z.array(z.object({ id: z.int(), type: z.string() })) });
const big = (bytes: number) => 'x'.repeat(bytes);

test('ids grow strictly, and every page size gives every line once', async () => {
  const run = await at.api.through({
    steps: [
      {
        id: 'each',
        forEach: {
          in: '${ [1..8] }',
          as: 'n',
          steps: [
            { id: 'a', set: { n: '${ $n }' } },
            { id: 'b', if: '${ $n % 2 = 0 }', set: {} },
          ],
        },
      },
      { id: 'bad', raise: { error: 'Bad', message: 'no' }, catch: [{ steps: [{ id: 'mend', set: {} }] }] },
      { id: 'group', parallel: { l: [{ id: 'l', set: {} }], r: [{ id: 'r', set: {} }] } },
      { id: 'last', raise: { error: 'Last', message: 'no' } },
      { id: 'never', set: {} },
    ],
  });
  const all = await at.api.events(run.id);
  const ids = all.map(({ id }) => id);
  expect(ids.toSorted((a, b) => a - b)).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
  expect(all.at(-1)?.type).toBe('run_failed');
  for (let limit = 1; limit <= ids.length + 1; limit++) {
    expect(
      (await at.api.events(run.id, limit)).map(({ id }) => id),
      `pages of ${limit}`,
    ).toEqual(ids);
  }
});

test('each step starts before it ends, and ends once', async () => {
  const run = await at.api.through({
    steps: [
      {
        id: 'each',
        forEach: {
          in: '${ [1..20] }',
          as: 'n',
          steps: [
            { id: 'a', set: {} },
            { id: 'b', set: {} },
          ],
        },
      },
      { id: 'after', set: {} },
    ],
  });
  const story = await at.api.story(run.id);
  for (const key of Object.keys(await at.api.context(run.id))) {
    expect(story.filter((line) => line.endsWith(` ${key}`))).toEqual([`step_started ${key}`, `step_completed ${key}`]);
  }
});

test('whoever follows a run with a cursor sees every line once, in the order of the log', async () => {
  const url = at.stub.on('/followed', { afterMs: 30 });
  const workflow = await at.api.publish({
    steps: [
      {
        id: 'each',
        forEach: { in: '${ [1..10] }', as: 'n', concurrency: 2, steps: [{ id: 'call', http: { method: 'GET', url } }] },
      },
      { id: 'after', set: {} },
    ],
  });
  const { id } = await at.api.start(workflow);
  const seen: number[] = [];
  let last = '';
  while (last !== 'run_succeeded') {
    const after = seen.length > 0 ? `?after=${seen.at(-1)}` : '';
    const { items } = page.parse(await at.api.expect(200, 'GET', `/v1/runs/${id}/events${after}`));
    seen.push(...items.map((item) => item.id));
    last = items.at(-1)?.type ?? last;
  }
  const whole = (await at.api.events(id)).map((event) => event.id);
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen).toEqual(whole);
});

test.each([
  ['just over what a line shows', 5_000],
  ['larger than a row holds', 20_000],
])('data %s is cut, with the place of the whole', async (_, bytes) => {
  const run = await at.api.through({
    steps: [{ id: 'each', forEach: { in: [1], as: 'n', steps: [{ id: 'a', set: { text: big(bytes) } }] } }],
  });
  const line = (await at.api.events(run.id)).find(({ type, step }) => type === 'step_completed' && step === 'a');
  expect(line?.data).toMatchObject({ truncated: true, bytes: bytes + 11 });
  const { whole } = truncated.parse(line?.data);
  expect(JSON.stringify(line).length).toBeLessThan(5_000);
  expect(await at.api.whole(whole)).toEqual({ text: big(bytes) });
  expect(await at.api.step(run.id, 'each[0]/a')).toMatchObject({ output: { text: big(bytes) } });
});

test('data up to 4 KiB is shown whole', async () => {
  const run = await at.api.through({ steps: [{ id: 'a', set: { text: big(4_096 - 11) } }] });
  const line = (await at.api.events(run.id)).find(({ type }) => type === 'step_completed');
  expect(line?.data).toEqual({ text: big(4_096 - 11) });
});
