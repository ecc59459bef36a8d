import { afterAll, beforeAll, expect, test } from 'vitest';
import { operations } from '../../shared/api/routes.ts';
import type { Operation } from '../../shared/edge/route.ts';
import { allows, ROLES, type Role } from '../../shared/kernel/role.ts';
import { type Api, type Ask, expectRefusal, startApi } from '../edge/api.ts';
import { allSamples, isPage, type Known, NOTHING, operationIds, type Sample, samplesOf } from '../edge/samples.ts';
import { oneOfEverything } from '../edge/things.ts';
import { CLIENT_ID, SignInProvider } from '../harness/sign-in-provider.ts';

/** What a request is made with, and what it may at most: undefined where nobody knows it. */
interface Credential {
  name: string;
  ask: Ask;
  role?: Role;
  /** Known, but of no use here. */
  refused?: 401 | 403;
}

const NOBODY: Known = { workflow_id: NOTHING, run_id: NOTHING, key_id: NOTHING, project: 'beside' };

let provider: SignInProvider;
let api: Api;
let requests: Sample[];
let ids: Record<string, string>;
const credentials: Credential[] = [];

const account = (name: string) => ({ email: `${name}@example.com`, email_verified: true });
const byToken = async (name: string): Promise<Ask> => ({
  key: null,
  headers: { authorization: `Bearer ${await provider.signIn(name)}` },
});

beforeAll(async () => {
  provider = await new SignInProvider({
    abroad: account('abroad'),
    beside: account('beside'),
    onlooker: account('onlooker'),
    nobody: account('nobody'),
  }).start();
  api = await startApi({
    bootstrapWorkspace: 'local',
    bootstrapProject: 'examples',
    mailDomain: 'mail.example.com',
    oidcIssuer: provider.issuer,
    oidcClientId: CLIENT_ID,
  });
  const things: Required<Known> = await oneOfEverything(api);
  const { project: _, ...named } = things;
  ids = named;
  requests = allSamples(things).filter(({ path, body }) =>
    Object.values(ids).some((id) => `${path} ${JSON.stringify(body)}`.includes(id)),
  );

  credentials.push(
    { name: 'none', ask: { key: null }, refused: 401 },
    { name: 'a key that nobody knows', ask: { key: `mr_${'x'.repeat(32)}` }, refused: 401 },
    { name: 'half a token', ask: { key: null, headers: { authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.' } }, refused: 401 },
  );
  const admins = { abroad: await api.keyOf({ workspace: 'elsewhere' }), here: await api.keyOf({}) };
  const { body: revoked } = await api.post('/v1/api-keys', { name: 'old', role: 'admin' }, { key: admins.here });
  await api.call('DELETE', `/v1/api-keys/${revoked.id}`, { key: admins.here });
  credentials.push({ name: 'a key that was revoked', ask: { key: revoked.key }, refused: 401 });
  for (const role of ROLES) {
    credentials.push({
      name: `a key of another workspace, ${role}`,
      ask: { key: await api.keyOf({ role, workspace: 'elsewhere' }) },
      role,
    });
    credentials.push({
      name: `a key of another project, ${role}`,
      ask: { key: await api.keyOf({ role, project: 'beside' }) },
      role,
    });
  }
  const add = (name: string, role: Role, key: string, project?: string) =>
    api.post('/v1/members', { email: account(name).email, name, role, ...(project && { project_id: project }) }, { key });
  await add('abroad', 'admin', admins.abroad);
  await add('beside', 'admin', admins.here, 'beside');
  await add('onlooker', 'viewer', admins.here, 'beside');
  credentials.push(
    { name: 'a member of another workspace', ask: await byToken('abroad'), role: 'admin' },
    { name: 'a member of another project', ask: await byToken('beside'), role: 'admin' },
    { name: 'a viewer of another project', ask: await byToken('onlooker'), role: 'viewer' },
    { name: 'somebody who is no member', ask: await byToken('nobody'), refused: 403 },
  );
});
afterAll(async () => {
  await api.close();
  await provider.stop();
});

const expected = ({ open, role: least = 'viewer' }: Operation, { role, refused }: Credential): number => {
  if (open) return 404;
  if (refused !== undefined) return refused;
  return allows(role ?? 'viewer', least) ? 404 : 403;
};

test('every route with every credential and the id of something foreign: 401, 403 or 404, and nothing else', {
  timeout: 120_000,
}, async () => {
  let cells = 0;
  const counts: Record<number, number> = {};
  for (const credential of credentials)
    for (const { operation, method, path, body } of requests) {
      const status = expected(operations[operation], credential);
      const answered = await api.call(method, path, { ...credential.ask, body });
      expect([credential.name, method, path, answered.status]).toEqual([credential.name, method, path, status]);
      // A page says to a person what others hear as JSON.
      const { responses }: Operation = operations[operation];
      if (!isPage(responses[200])) expectRefusal(answered, status);
      counts[status] = (counts[status] ?? 0) + 1;
      cells += 1;
    }
  const asked = new Set(requests.map(({ operation }) => operation));
  // Every route whose path names a thing.
  const naming = operationIds.filter((id) => /\{\w+_id\}/.test(operations[id].path));
  expect(naming.filter((id) => !asked.has(id))).toEqual([]);
  console.log(`${cells} cells: ${requests.length} requests with ${credentials.length} credentials; ${JSON.stringify(counts)}`);
  expect(credentials).toHaveLength(16);
  expect(asked.size).toBeGreaterThanOrEqual(96);
  expect(cells).toBe(credentials.length * requests.length);
  expect(cells).toBeGreaterThanOrEqual(16 * 116);
  for (const status of [401, 403, 404]) expect(counts[status]).toBeGreaterThanOrEqual(100);
});

/** Filters of lists that name a thing. */
const NAMING_FILTERS = ['workflow_id', 'run_id', 'parent', 'root', 'trigger_id', 'process_id'] as const;

test('a list that is asked for by the id of something foreign says nothing of it', async () => {
  const strangers = credentials.filter(({ name, role }) => role === 'admin' && name.includes('of another'));
  const lists = operationIds.flatMap((id) => {
    const { method, path, query }: Operation = operations[id];
    const filters = NAMING_FILTERS.filter((name) => name in Object(query?.shape));
    return method === 'GET' && !path.includes('{')
      ? filters.map((name) => ({ path, name, required: samplesOf(id, NOBODY)[0].path }))
      : [];
  });
  let cells = 0;
  for (const { ask } of strangers)
    for (const { path, name, required } of lists) {
      const value =
        ids[{ parent: 'run_id', root: 'run_id', trigger_id: 'webhook_id', process_id: 'workflow_id' }[name as string] ?? name] ??
        '';
      const query = new URLSearchParams(required.split('?')[1]);
      query.delete('project_id');
      query.set(name, value);
      const answered = await api.call('GET', `${path}?${query}`, ask);
      expect([path, name, answered.status === 404 || !Object.values(ids).some((id) => answered.text.includes(id))]).toEqual([
        path,
        name,
        true,
      ]);
      cells += 1;
    }
  console.log(`${cells} lists: ${lists.length} filters with ${strangers.length} credentials`);
  expect(strangers.length).toBeGreaterThanOrEqual(4);
  expect(lists.length).toBeGreaterThanOrEqual(22);
});
