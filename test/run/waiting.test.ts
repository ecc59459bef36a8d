import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { setting } from './setting.ts';

const at = setting();

const failing = (delay: string) => {
  const url = at.stub.on('/fails', { status: 500 });
  return { id: 'a', http: { method: 'GET', url }, retry: { attempts: 2, delay } };
};
const list = z.object({ items: z.array(z.object({ id: z.string(), at_step: z.string().nullable() })) });
const rows = async (query: string) => list.parse(await at.api.expect(200, 'GET', `/v1/runs?${query}`)).items;
const listed = async (query: string) => (await rows(query)).map(({ id }) => id);

describe('a run whose driver has left is waiting, and its row says at which step', () => {
  test.each<[string, string, () => Promise<object> | object]>([
    ['for the next attempt of its first step', 'a', () => failing('10m')],
    ['for the end of a wait', 'a', () => ({ id: 'a', wait: '10m' })],
    [
      'for the end of a wait in a loop',
      'each[0]/a',
      () => ({ id: 'each', forEach: { in: [1, 2], as: 'item', concurrency: 1, steps: [{ id: 'a', wait: '10m' }] } }),
    ],
    [
      'for another run',
      'a',
      async () => {
        await at.api.publish({ name: 'sleeper', steps: [{ id: 'a', wait: '10m' }] });
        return { id: 'a', run: { workflow: 'sleeper' } };
      },
    ],
  ])('%s', async (_, key, stepOf) => {
    const workflow = await at.api.publish({ steps: [await stepOf()] });
    const { id } = await at.api.start(workflow);
    const run = await at.api.until(id, ({ status }) => status === 'waiting');
    expect(run.started_at).not.toBeNull();
    expect(await listed('status=waiting')).toContain(id);
    expect(await listed(`status=waiting&workflow_id=${workflow}`)).toEqual([id]);
    expect(await rows(`status=waiting&workflow_id=${workflow}`)).toMatchObject([{ at_step: key }]);
    expect(await listed(`status=pending&workflow_id=${workflow}`)).toEqual([]);
    expect(await listed(`status=running&workflow_id=${workflow}`)).toEqual([]);
    expect(await at.api.expect(200, 'GET', `/v2/runs/${id}`)).toMatchObject({ status: 'Running' });
    await at.api.stop(run);
    await at.api.ended(id);
    expect(await rows(`workflow_id=${workflow}`)).toMatchObject([{ id, at_step: null }]);
    expect(await listed(`status=waiting&workflow_id=${workflow}`)).toEqual([]);
  });
});

test('a run that is about to go on is running: it has been started, though its step is pending', async () => {
  const { id } = await at.api.start(await at.api.publish({ steps: [failing('2s')] }));
  const run = await at.api.until(id, ({ steps, status }) => steps['pending'] === 1 && status !== 'pending');
  expect(run.started_at).not.toBeNull();
  await at.api.ended(id);
});
