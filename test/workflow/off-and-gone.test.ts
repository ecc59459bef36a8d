import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, expectRefusal, ONE_STEP, startApi } from '../edge/api.ts';
import { deliver } from '../trigger/webhook/sender.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const turn = (workflow: string, enabled: boolean) => api.call('PATCH', `/v1/workflows/${workflow}`, { body: { enabled } });

describe('a workflow that is turned off', () => {
  test('starts nothing, by whatever trigger, and says why; what runs goes on; turned on again it starts', async () => {
    const workflow = await api.publish('  - id: only\n    wait: 1s\n');
    const of = `/v1/workflows/${workflow}`;
    const hook = (await api.post(`${of}/webhooks`, { name: 'orders', scheme: 'sha256' })).body;
    const schedule = (await api.post(`${of}/schedules`, { name: 'yearly', expression: 'cron(0 0 1 1 ? *)' })).body;
    const running = (await api.start(workflow)).body.id;
    expect((await turn(workflow, false)).body.enabled).toBe(false);

    const refused = await api.start(workflow);
    expectRefusal(refused, 409);
    expect(refused.body.message).toContain('turned off');
    const v2 = { name: 'A run', process_id: workflow, agent_id: 'examples', stage: 'Published' };
    expectRefusal(await api.post('/v2/runs', v2), 409);
    expectRefusal(await api.post(`${of}/schedules/${schedule.id}/trigger`, {}), 409);
    expect((await deliver(hook.url, hook.secret, 1)).status).toBe(409);
    const { body } = await api.get(`/v1/deliveries?workflow_id=${workflow}&outcome=rejected`);
    expect(body.items.map(({ trigger }: { trigger: string }) => trigger).toSorted()).toEqual(['schedule', 'webhook']);
    for (const { reason } of body.items) expect(reason).toContain('turned off');

    expect(await api.ended(running)).toMatchObject({ status: 'succeeded' });
    await turn(workflow, true);
    expect((await api.start(workflow)).status).toBe(201);
    expect((await deliver(hook.url, hook.secret, 2)).status).toBe(202);
  });
});

describe('what a workflow leaves behind when it is deleted', () => {
  test('is its runs with their history, values, definition and comments; nothing starts any more', async () => {
    const workflow = await api.publish(ONE_STEP);
    const { source } = (await api.get(`/v1/workflows/${workflow}`)).body.draft;
    const { id } = (await api.start(workflow)).body;
    await api.ended(id);
    await api.post(`/v1/runs/${id}/comments`, { text: 'Kept.' });
    const paths = [
      `/v1/runs/${id}`,
      `/v1/runs/${id}/events`,
      `/v1/runs/${id}/context`,
      `/v1/runs/${id}/definition`,
      `/v1/runs/${id}/comments`,
      `/v1/workflows/${workflow}/runs`,
      `/v1/workflows/${workflow}/runs/${id}/events`,
      `/v1/runs?workflow_id=${workflow}`,
      `/v1/runs/count?workflow_id=${workflow}`,
    ];
    const seen = () => Promise.all(paths.map(async (path) => [path, (await api.get(path)).body]));
    const before = await seen();
    expect((await api.call('DELETE', `/v1/workflows/${workflow}`)).status).toBe(204);
    expect(await seen()).toEqual(before);
    expect((await api.get(`/v1/runs/${id}/definition`)).body.source).toBe(source);
    expect((await api.get(`/v1/runs?workflow_id=${workflow}`)).body.items).toHaveLength(1);
    expectRefusal(await api.get(`/v1/workflows/${workflow}`), 404);
    expectRefusal(await api.start(workflow), 404);
    expectRefusal(await api.post(`/v1/runs/${id}/rerun`, { from: 'start' }), 404);
  });
});
