import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, startApi, uniqueName } from '../edge/api.ts';
import { type StubServer, startStub } from '../harness/stub-server.ts';
import { anAuthorizationServer } from './authorization-server.ts';

type Server = Awaited<ReturnType<typeof anAuthorizationServer>>;

let api: Api;
let stub: StubServer;
let redirectUri: string;
const servers: Server[] = [];
beforeAll(async () => {
  [api, stub] = await Promise.all([startApi(), startStub()]);
  redirectUri = `${new URL(api.url).origin}/oauth/callback`;
});
afterAll(async () => {
  await api.close();
  await stub.close();
  await Promise.all(servers.map((server) => server.close()));
});

const SECRET = 'client-SECRET';

async function aServer(more: { tokenSeconds?: number; refreshes?: boolean } = {}): Promise<Server> {
  const server = await anAuthorizationServer({ redirectUri, secret: SECRET, ...more });
  servers.push(server);
  return server;
}

interface Connected {
  id: string;
  name: string;
  server: Server;
  workflow: string;
}

/** A connection, and a workflow that calls something which takes the tokens of its provider. */
async function connect(server: Server, more: object = {}): Promise<Connected> {
  const name = uniqueName();
  const url = stub.on(`/${name}`, ({ headers }) =>
    server.isValid(String(headers['authorization']).replace('Bearer ', '')) ? { body: { ok: true } } : { status: 401 },
  );
  const settings = { hosts: [new URL(stub.url).host], ...server.settings, ...more };
  const body = { project_id: 'examples', name, type: 'oauth2_authorization_code', settings, secret: { client_secret: SECRET } };
  const made = await api.post('/v1/connections', body);
  expect(made.status, made.text).toBe(201);
  expect(made.body).toMatchObject({
    status: { state: 'not_connected', reason: 'Nobody has authorized it yet.' },
    authorized_at: null,
  });
  const workflow = await api.publish(`  - { id: call, http: { method: GET, url: '${url}', connection: ${name} } }`, {
    top: `connections: [${name}]`,
  });
  return { id: made.body.id, name, server, workflow };
}

const begin = ({ id }: Connected) => api.post(`/v1/connections/${id}/authorize`, {});
const comeBack = ({ to, cookie = '' }: { to: string; cookie?: string }) =>
  fetch(to, { headers: { cookie } }).then(async (answer) => ({ status: answer.status, text: await answer.text() }));

/** A browser that has begun, and is on its way to the provider. */
async function opened(connected: Connected) {
  const answer = await fetch((await begin(connected)).body.url, { redirect: 'manual' });
  const [cookie = ''] = (answer.headers.getSetCookie()[0] ?? '').split(';');
  const at = new URL(answer.headers.get('location') ?? '');
  return { cookie, at, state: at.searchParams.get('state') ?? '' };
}

async function authorize(connected: Connected) {
  const { body } = await begin(connected);
  return comeBack(await connected.server.consent(body.url));
}

const run = async ({ workflow }: Connected) => {
  const started = await api.post(`/v1/workflows/${workflow}/command`, { command: 'start', params: { wait: 20 } });
  return (await api.get(`/v1/runs/${started.body.run_id ?? started.body.id}?wait=20`)).body;
};
const view = async ({ id }: Connected) => (await api.get(`/v1/connections/${id}`)).body;

test('a person authorizes it once; its tokens are sent, and read by nobody', async () => {
  const connected = await connect(await aServer());
  const before = await run(connected);
  expect(before.error).toMatchObject({
    name: 'CredentialRejected',
    message: expect.stringContaining('nobody has authorized it yet'),
  });

  expect(await authorize(connected)).toEqual({ status: 200, text: expect.stringContaining('is authorized') });
  expect(await view(connected)).toMatchObject({
    status: { state: 'connected' },
    authorized_at: expect.any(String),
    authorized_by: { kind: 'key' },
  });
  const ended = await run(connected);
  expect(ended.status, JSON.stringify(ended.error)).toBe('succeeded');
  expect(connected.server.grants()).toEqual(['authorization_code']);

  const { Items = [] } = await new DynamoDBClient({}).send(new ScanCommand({ TableName: process.env['CONNECTIONS_TABLE'] }));
  const views = await Promise.all(
    [
      `/v1/connections/${connected.id}`,
      `/v1/runs/${ended.id}`,
      `/v1/runs/${ended.id}/events?limit=100`,
      '/v1/audit?limit=100',
    ].map((path) => api.get(path)),
  );
  expect(connected.server.all().length).toBeGreaterThanOrEqual(2);
  for (const secret of [SECRET, ...connected.server.all()])
    for (const text of [JSON.stringify(Items), ...views.map((one) => one.text)]) expect(text).not.toContain(secret);
  const { body } = await api.get(`/v1/audit?act=connection.authorize&limit=100`);
  const records = body.items.filter((one: { object: { id: string } }) => one.object.id === connected.id);
  expect(records.map(({ after }: { after: unknown }) => after)).toEqual([expect.objectContaining({ tokens: '***' }), null]);
});

test('the state is good once, and what nobody has begun is refused', async () => {
  const connected = await connect(await aServer());
  const { body } = await begin(connected);
  expect(body.redirect_uri).toBe(redirectUri);
  const { at } = await opened(connected);
  expect(Object.fromEntries(at.searchParams)).toMatchObject({
    response_type: 'code',
    code_challenge_method: 'S256',
    redirect_uri: redirectUri,
  });
  const back = await connected.server.consent(body.url);
  expect((await comeBack(back)).status).toBe(200);
  const again = await comeBack(back);
  expect(again).toEqual({ status: 404, text: expect.stringContaining('belongs to no authorization that is open') });
  expect((await comeBack({ to: `${redirectUri}?state=made-up&code=x` })).status).toBe(404);
  expect((await comeBack({ to: `${redirectUri}?begin=made-up` })).status).toBe(404);
  expect((await comeBack({ to: `${redirectUri}?code=x` })).status).toBe(400);
});

test('the browser that returns is the one that began, and no other can begin it again', async () => {
  const connected = await connect(await aServer());
  const { body } = await begin(connected);
  const { to, cookie } = await connected.server.consent(body.url);
  for (const other of ['', 'millrun-authorization=guessed', cookie.replace(/=./, (first) => (first === '=x' ? '=y' : '=x'))])
    expect(await comeBack({ to, cookie: other })).toEqual({ status: 403, text: expect.stringContaining('in another browser') });
  expect((await comeBack({ to: body.url })).status).toBe(404);
  expect(await view(connected)).toMatchObject({ authorized_at: null });
  // Nothing of that has used it up.
  expect((await comeBack({ to, cookie })).status).toBe(200);
  const line = (await fetch((await begin(connected)).body.url, { redirect: 'manual' })).headers.getSetCookie()[0] ?? '';
  expect(line).toMatch(/^millrun-authorization=[\w-]{43}; Path=\/oauth\/callback; Max-Age=900; HttpOnly; SameSite=Lax$/);
});

test('what the provider refuses is said, and leaves the tokens before as they are', async () => {
  const connected = await connect(await aServer());
  await authorize(connected);
  const refusals: [(state: string) => string, string][] = [
    [
      (state) => `error=access_denied&error_description=No&iss=${connected.server.settings.issuer}&state=${state}`,
      'access_denied: No',
    ],
    [(state) => `code=made-up&iss=${connected.server.settings.issuer}&state=${state}`, 'invalid_grant'],
    [(state) => `code=made-up&iss=https://elsewhere.example&state=${state}`, ''],
  ];
  for (const [query, why] of refusals) {
    const { state, cookie } = await opened(connected);
    const answered = await comeBack({ to: `${redirectUri}?${query(state)}`, cookie });
    expect(answered, query(state)).toEqual({ status: 409, text: expect.stringContaining(why) });
  }
  expect((await run(connected)).status).toBe('succeeded');
});

test('a token that ends is renewed by one step at a time, though each refresh token is good once', async () => {
  // Below the minute before its end at which a token is renewed.
  const connected = await connect(await aServer({ tokenSeconds: 50 }));
  await authorize(connected);
  const runs = await Promise.all(Array.from({ length: 6 }, () => run(connected)));
  expect(runs.map(({ status, error }) => error ?? status)).toEqual(Array(6).fill('succeeded'));
  const renewed = connected.server.grants().filter((grant) => grant === 'refresh_token');
  expect(renewed.length).toBeGreaterThan(0);
  expect(await view(connected)).toMatchObject({ status: { state: 'connected' } });
});

test('a token that was revoked is renewed; without a way to renew it a person is wanted', async () => {
  const [renewable, lost] = [await connect(await aServer()), await connect(await aServer({ refreshes: false }))];
  for (const connected of [renewable, lost]) {
    await authorize(connected);
    connected.server.revokeAccess();
  }
  expect((await run(renewable)).status).toBe('succeeded');
  expect(renewable.server.grants()).toEqual(['authorization_code', 'refresh_token']);

  expect((await run(lost)).error).toMatchObject({
    name: 'CredentialRejected',
    message: expect.stringContaining('gave none to renew it'),
  });
  expect(await view(lost)).toMatchObject({
    status: { state: 'not_connected', reason: expect.stringContaining('gave none to renew it') },
  });
  expect((await authorize(lost)).status).toBe(200);
  expect((await run(lost)).status).toBe('succeeded');
  expect(await view(lost)).toMatchObject({ status: { state: 'connected', reason: null } });
});

test('a provider that is down is a fault that a retry may mend, and nobody has to authorize it again', async () => {
  const connected = await connect(await aServer());
  await authorize(connected);
  connected.server.revokeAccess();
  connected.server.setDown(true);
  expect((await run(connected)).error.name).toBe('HttpServerError');
  connected.server.setDown(false);
  expect((await run(connected)).status).toBe('succeeded');
});

describe('an authorization', () => {
  test('is of one client: settings of another provider forget it', async () => {
    const connected = await connect(await aServer());
    await authorize(connected);
    const settings = { hosts: ['erp.example'], ...connected.server.settings };
    const kept = await api.call('PATCH', `/v1/connections/${connected.id}`, { body: { settings } });
    expect(kept.body.authorized_at).toEqual(expect.any(String));
    const other = await api.call('PATCH', `/v1/connections/${connected.id}`, {
      body: { settings: { ...settings, client_id: 'other' } },
    });
    expect(other.body).toMatchObject({ authorized_at: null, status: { state: 'not_connected' } });
  });

  test('is begun by admins, for connections of its type', async () => {
    const connected = await connect(await aServer());
    const editor = await api.keyOf({ role: 'editor', project: 'examples' });
    expect((await api.post(`/v1/connections/${connected.id}/authorize`, {}, { key: editor })).status).toBe(403);
    const stranger = await api.keyOf({ workspace: 'other' });
    expect((await api.post(`/v1/connections/${connected.id}/authorize`, {}, { key: stranger })).status).toBe(404);
    const body = {
      project_id: 'examples',
      name: uniqueName(),
      type: 'bearer',
      settings: { hosts: ['erp.example'] },
      secret: { token: 'x' },
    };
    const { id } = (await api.post('/v1/connections', body)).body;
    const refused = await api.post(`/v1/connections/${id}/authorize`, {});
    expect(refused).toMatchObject({ status: 409, body: { message: expect.stringContaining('is of type bearer') } });
  });
});
