import { afterAll, beforeAll, expect, test } from 'vitest';
import { operations } from '../../shared/api/routes.ts';
import type { Operation } from '../../shared/edge/route.ts';
import { allows, ROLES, type Role } from '../../shared/kernel/role.ts';
import { type Api, expectRefusal, startApi } from '../edge/api.ts';
import { allSamples, isPage, type Known, type Sample } from '../edge/samples.ts';
import { oneOfEverything } from '../edge/things.ts';
import { howMany } from '../harness/how-many.ts';

/** The mightiest of them; all in `npm run soak`. */
const roles = ROLES.slice(-howMany('TENANT_ROLES', 1));

interface Tenant {
  name: string;
  workspace: string;
  /** The whole workspace when absent. */
  project?: string;
}

const owners: Tenant[] = [
  { name: 'a project', workspace: 'local', project: 'examples' },
  { name: 'another project of the workspace', workspace: 'local', project: 'elsewhere' },
  { name: 'the project of that name in another workspace', workspace: 'strangers', project: 'examples' },
];
const tenants = [...owners, { name: 'a whole other workspace', workspace: 'others' }];
const pairs = owners.flatMap((owner) => tenants.filter((other) => other !== owner).map((stranger) => ({ owner, stranger })));

let api: Api;
const keys = new Map<string, string>();
const things = new Map<Tenant, Required<Known>>();
const keyOf = ({ name }: Tenant, role: Role) => keys.get(`${name} ${role}`) ?? '';

beforeAll(async () => {
  api = await startApi();
  for (const tenant of tenants)
    for (const role of ROLES) keys.set(`${tenant.name} ${role}`, await api.keyOf({ ...tenant, role }));
  for (const owner of owners) things.set(owner, await oneOfEverything(api, { ...owner, key: keyOf(owner, 'admin') }));
});
afterAll(() => api.close());

/** Every request that names something of the tenant. */
function requestsFor({ project, ...ids }: Required<Known>): Sample[] {
  const list: Sample = { operation: 'listRuns', method: 'GET', path: `/v1/runs?workflow_id=${ids.workflow_id}` };
  return [...allSamples({ project, ...ids }), list].filter(({ path, body }) =>
    Object.values(ids).some((id) => `${path} ${JSON.stringify(body)}`.includes(id)),
  );
}

/** All that there is to see of it, as its owner sees it. */
function seen(
  {
    workflow_id,
    run_id,
    schedule_id,
    webhook_id,
    queue_id,
    event_rule_id,
    delivery_id,
    file_id,
    connection_id,
    subscription_id,
    job_id,
    task_id,
  }: Required<Known>,
  key: string,
) {
  const of = `/v1/workflows/${workflow_id}`;
  const paths = [
    of,
    `${of}/versions`,
    `${of}/runs`,
    `${of}/mailbox`,
    `${of}/schedules/${schedule_id}`,
    `${of}/webhooks/${webhook_id}`,
    `${of}/queues/${queue_id}`,
    `${of}/event-rules/${event_rule_id}`,
    `/v1/runs/${run_id}`,
    `/v1/runs/${run_id}/events`,
    `/v1/runs/${run_id}/comments`,
    `/v1/deliveries/${delivery_id}`,
    `/v1/files/${file_id}`,
    `/v1/tasks/${task_id}`,
    `/v1/connections/${connection_id}`,
    `/v1/subscriptions/${subscription_id}`,
    `/v1/jobs/${job_id}/results`,
    '/v1/api-keys?limit=100',
    '/v1/members?limit=100',
  ];
  return Promise.all(
    paths.map(async (path) => {
      const { status, body } = await api.get(path, { key });
      return { path, status, body };
    }),
  );
}

test.each(pairs)(
  'to $stranger.name nothing of $owner.name exists: 404 for every id, and nothing changes',
  async ({ owner, stranger }) => {
    const owned = things.get(owner);
    if (!owned) throw new Error('Nothing was made.');
    const before = await seen(owned, keyOf(owner, 'admin'));
    expect(before.filter(({ status }) => status !== 200)).toEqual([]);

    const requests = requestsFor(owned);
    let cells = 0;
    for (const role of roles)
      for (const { operation, method, path, body } of requests) {
        const { open, role: least = 'viewer', responses }: Operation = operations[operation];
        const answered = await api.call(method, path, { key: keyOf(stranger, role), body });
        // A page says to a person what others hear as JSON.
        if (isPage(responses[200])) expect(answered.status).toBe(404);
        else expectRefusal(answered, open || allows(role, least) ? 404 : 403);
        cells += 1;
      }
    const { body: deliveries } = await api.get(`/v1/deliveries?workflow_id=${owned.workflow_id}`, {
      key: keyOf(stranger, 'admin'),
    });
    expect(deliveries).toEqual({ items: [], continuation_token: null, searched_to: null });
    expect(cells).toBeGreaterThanOrEqual(roles.length * 45);
    expect(await seen(owned, keyOf(owner, 'admin'))).toEqual(before);
  },
);
