import { expect, vi } from 'vitest';
import { API_KEY } from '../harness/millrun-process.ts';
import { deliver } from '../trigger/webhook/sender.ts';
import { type Api, ONE_QUESTION, ONE_STEP, uniqueName } from './api.ts';
import type { Known } from './samples.ts';

/** One of everything that has an id, in the project that the key is for. */
export async function oneOfEverything(api: Api, { key = API_KEY, project = 'examples' } = {}): Promise<Required<Known>> {
  const create = async (path: string, body: object) => {
    const made = await api.post(path, body, { key });
    if (made.status !== 201) throw new Error(`POST ${path} was answered ${made.status}: ${made.text}`);
    return made.body;
  };
  const workflow_id = await api.publish(ONE_STEP, { key, project });
  const run = (await api.start(workflow_id, {}, { key })).body;
  await api.ended(run.id, { key });
  const of = `/v1/workflows/${workflow_id}`;
  await api.call('PUT', `${of}/mailbox`, { key, body: { permission: 'restricted', allowed: ['ada@example.com'] } });
  const spare = await create('/v1/api-keys', { name: 'spare', role: 'viewer' });
  const member = await create('/v1/members', { email: 'cleo@example.com', name: 'Cleo', role: 'viewer' });
  const schedule = await create(`${of}/schedules`, { name: 'yearly', expression: 'cron(0 0 1 1 ? *)' });
  const webhook = await create(`${of}/webhooks`, { name: 'orders', scheme: 'sha256' });
  const queue = await create(`${of}/queues`, { name: 'orders' });
  const eventRule = await create(`${of}/event-rules`, { name: 'booked', source: 'shop' });
  const file = await create('/v2/files', { file_name: 'order.pdf', agent_id: project });
  const comment = await create(`/v1/runs/${run.id}/comments`, { text: 'The ERP was down.' });
  const asking = await api.publish(ONE_QUESTION, { key, project });
  const task = await api.asked((await api.start(asking, {}, { key })).body.id, { key });
  // Its mail is sent meanwhile, and it says so.
  await vi.waitFor(async () => expect((await api.get(`/v1/tasks/${task.id}`, { key })).body.mailed_at).toBeTruthy(), 10_000);
  const subscription = await create('/v1/subscriptions', {
    project_id: project,
    events: ['run.failed'],
    to: { event_bus: {} },
  });
  const connection = await create('/v1/connections', {
    project_id: project,
    name: uniqueName(),
    type: 'bearer',
    settings: { hosts: ['erp.example'] },
    secret: { token: 'token-of-erp' },
  });
  const test = await create(`${of}/tests`, { run_id: run.id });
  const testRun = (await api.post(`${of}/test-runs`, {}, { key })).body;
  const job = (await api.post('/v1/jobs', { verb: 'resume', run_ids: [run.id] }, { key })).body;
  const { delivery = '' } = await deliver(webhook.url, webhook.secret, 1);
  return {
    project,
    workflow_id,
    run_id: run.id,
    key_id: spare.id,
    schedule_id: schedule.id,
    webhook_id: webhook.id,
    queue_id: queue.id,
    event_rule_id: eventRule.id,
    delivery_id: delivery,
    file_id: file.id,
    comment_id: comment.id,
    member_id: member.id,
    task_id: task.id,
    connection_id: connection.id,
    subscription_id: subscription.id,
    test_id: test.id,
    test_run_id: testRun.id,
    job_id: job.id,
  };
}
