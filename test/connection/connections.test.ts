import { createHash } from 'node:crypto';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, startApi, uniqueName } from '../edge/api.ts';
import { type StubServer, startStub } from '../harness/stub-server.ts';
import { aTokenServer } from './token-server.ts';

let api: Api;
let stub: StubServer;
let host: string;
beforeAll(async () => {
  [api, stub] = await Promise.all([startApi(), startStub()]);
  host = new URL(stub.url).host;
});
afterAll(async () => {
  await api.close();
  await stub.close();
});

interface Made {
  id: string;
  name: string;
}

async function connect(type: string, settings: object, secret: object): Promise<Made> {
  const name = uniqueName();
  const body = { project_id: 'examples', name, type, settings: { hosts: [host], ...settings }, secret };
  const made = await api.post('/v1/connections', body);
  expect(made.status, made.text).toBe(201);
  return made.body;
}

const callWith = (name: string, url: string, more = '') =>
  `- { id: call, http: { method: GET, url: '${url}', connection: ${name}${more} } }`;

async function runWith(connection: string, url: string, params: object = {}, more = '') {
  const steps = callWith(connection, url, more);
  const definition = `format: 1\nname: ${uniqueName()}\nconnections: [${connection}]\nsteps:\n  ${steps}\noutput: { call: '\${ $steps.call }' }`;
  const made = await api.post('/v1/workflows', { project_id: 'examples', definition });
  const published = await api.post(`/v1/workflows/${made.body.id}/publish`, {});
  expect(published.status, published.text).toBe(201);
  const started = await api.post(`/v1/workflows/${made.body.id}/command`, { command: 'start', params: { wait: 20, ...params } });
  return { workflow: made.body.id, run: (await api.get(`/v1/runs/${started.body.run_id ?? started.body.id}?wait=20`)).body };
}

const statusOf = async ({ id }: Made) => (await api.get(`/v1/connections/${id}`)).body.status;

/** A server that knows one credential, and echoes what it was sent. */
const takes = (path: string, check: (headers: Record<string, unknown>, query: Record<string, string>) => boolean) =>
  stub.on(path, ({ query, headers }) =>
    check(headers, query) ? { body: { headers, query } } : { status: 401, body: { error: 'who are you?', headers } },
  );

describe('a step with a connection', () => {
  test.each([
    ['bearer', {}, { token: 'tok-SECRET-bearer' }, { authorization: 'Bearer tok-SECRET-bearer' }],
    [
      'basic',
      { username: 'ada' },
      { password: 'pw-SECRET-basic' },
      { authorization: `Basic ${Buffer.from('ada:pw-SECRET-basic').toString('base64')}` },
    ],
    ['api_key', { name: 'X-Api-Key' }, { key: 'key-SECRET-header' }, { 'x-api-key': 'key-SECRET-header' }],
  ])('of type %s sends its credential, and nobody reads it', async (type, settings, secret, expected) => {
    const url = takes(`/${type}`, (headers) => Object.entries(expected).every(([name, value]) => headers[name] === value));
    const made = await connect(type, settings, secret);
    const { run } = await runWith(made.name, url);
    expect(run).toMatchObject({ status: 'succeeded', outputs: { call: { status: 200 } } });
    expect(await statusOf(made)).toMatchObject({ state: 'connected', reason: null });
    await expectNowhere('SECRET', [run.id], made.id);
    await expectNowhere(Buffer.from('ada:pw-SECRET-basic').toString('base64'), [run.id], made.id);
  });

  test('in the query', async () => {
    const url = takes('/in-query', (_, query) => query['key'] === 'key-SECRET-query' && query['page'] === '2');
    const made = await connect('api_key', { in: 'query', name: 'key' }, { key: 'key-SECRET-query' });
    const { run } = await runWith(made.name, `${url}?page=2`);
    expect(run.status).toBe('succeeded');
    await expectNowhere('SECRET', [run.id], made.id);
  });

  test('signs for AWS', async () => {
    const settings = { region: 'eu-central-1', service: 'execute-api', access_key_id: 'AKIAIOSFODNN7EXAMPLE' };
    const secret = { secret_access_key: 'aws-SECRET-key', session_token: 'aws-SECRET-session' };
    let sent: Record<string, unknown> = {};
    const url = stub.on('/signed', ({ headers }) => {
      sent = headers;
      return { body: {} };
    });
    const made = await connect('aws', settings, secret);
    const { run } = await runWith(made.name, `${url}?b=2&a=1`);
    expect(run.status).toBe('succeeded');
    expect(sent['authorization']).toBe(await signatureOf(sent, `${url}?b=2&a=1`, secret));
    await expectNowhere('SECRET', [run.id], made.id);
  });

  test('signs as a role of AWS that is assumed with the id of the connection, once for many steps', async () => {
    const settings = { region: 'eu-central-1', service: 'execute-api', role_arn: 'arn:aws:iam::000000000000:role/path/orders' };
    const sent: Record<string, unknown>[] = [];
    const url = stub.on('/as-role', ({ headers }) => {
      sent.push(headers);
      return { status: 200, body: { headers } };
    });
    const made = await connect('aws', settings, {});
    for (let n = 0; n < 2; n += 1) expect((await runWith(made.name, url)).run.status).toBe('succeeded');
    const tokens = new Set(sent.map((headers) => String(headers['x-amz-security-token'])));
    expect([...tokens]).toEqual([expect.stringMatching(new RegExp(`^${made.id}\\.`))]);
    expect(sent[0]?.['authorization']).toMatch(/Credential=ASIA\w+\/\d{8}\/eu-central-1\/execute-api\/aws4_request/);
    const { run } = await runWith(made.name, url);
    for (const token of tokens) await expectNowhere(token, [run.id], made.id);
    expect((await api.post(`/v1/connections/${made.id}/test`, {})).body.status).toMatchObject({ state: 'connected' });

    const foreign = await connect('aws', { ...settings, role_arn: 'arn:aws:iam::111122223333:role/orders' }, {});
    const refused = (await runWith(foreign.name, url)).run;
    expect(refused.error).toMatchObject({ name: 'CredentialRejected', message: expect.stringContaining('assumableRoles') });
    expect(await statusOf(foreign)).toMatchObject({ state: 'not_connected', reason: expect.stringContaining('AccessDenied') });
    expect((await api.post(`/v1/connections/${foreign.id}/test`, {})).body.status).toMatchObject({ state: 'not_connected' });
  });

  test('asks Bedrock as a role too', async () => {
    const ask = async (role: string) => {
      const settings = { region: 'nowhere-1', model: 'stand-in', role_arn: role };
      const body = { project_id: 'examples', name: uniqueName(), type: 'bedrock', settings, secret: {} };
      const made = await api.post('/v1/connections', body);
      expect(made.status, made.text).toBe(201);
      const step = `  - { id: ask, llm: { connection: ${made.body.name}, prompt: 'Who?' } }\n`;
      const workflow = await api.publish(step, { top: `connections: [${made.body.name}]` });
      const run = await api.ended((await api.start(workflow)).body.id);
      const { status } = (await api.post(`/v1/connections/${made.body.id}/test`, {})).body;
      return { id: made.body.id, error: run.error, status };
    };
    // With the credentials of the role it is on its way to Bedrock, which has nothing there.
    const own = await ask('arn:aws:iam::000000000000:role/path/models');
    expect(own).toMatchObject({ error: { name: 'ConnectionFailed' }, status: { state: 'connected' } });
    const foreign = await ask('arn:aws:iam::111122223333:role/models');
    expect(foreign).toMatchObject({
      error: { name: 'CredentialRejected', message: expect.stringContaining(foreign.id) },
      status: { state: 'not_connected' },
    });
  });

  test.each<[string, object, object]>([
    ['both keys and a role', { access_key_id: 'AKIAIOSFODNN7EXAMPLE', role_arn: 'arn:aws:iam::000000000000:role/a' }, {}],
    ['neither', {}, {}],
    ['a key without its secret', { access_key_id: 'AKIAIOSFODNN7EXAMPLE' }, {}],
    ['a secret beside a role', { role_arn: 'arn:aws:iam::000000000000:role/a' }, { secret_access_key: 'x' }],
    ['no role', { role_arn: 'arn:aws:iam::000000000000:user/a' }, {}],
  ])('of type aws or bedrock with %s is refused', async (_, settings, secret) => {
    const asked = { region: 'eu-central-1', model: 'stand-in', ...settings };
    const model = { project_id: 'examples', name: uniqueName(), type: 'bedrock', settings: asked, secret };
    expect(await api.post('/v1/connections', model)).toMatchObject({ status: 400 });
    const all = { hosts: [host], region: 'eu-central-1', service: 'sqs', ...settings };
    const body = { project_id: 'examples', name: uniqueName(), type: 'aws', settings: all, secret };
    expect(await api.post('/v1/connections', body)).toMatchObject({ status: 400 });
  });

  test('that is refused fails as CredentialRejected, and the connection says why', async () => {
    const url = takes('/refuses', () => false);
    const made = await connect('bearer', {}, { token: 'tok-SECRET-wrong' });
    const { run } = await runWith(made.name, url);
    expect(run).toMatchObject({
      status: 'failed',
      error: { name: 'CredentialRejected', message: expect.stringContaining(`connection "${made.name}" was refused`) },
    });
    expect(await statusOf(made)).toMatchObject({
      state: 'not_connected',
      reason: expect.stringMatching(/\/refuses answered 401$/),
    });
    await expectNowhere('SECRET', [run.id], made.id);
  });

  test('a step that expects 401 gets it', async () => {
    const url = takes('/expects', () => false);
    const made = await connect('bearer', {}, { token: 'whatever' });
    const { run } = await runWith(made.name, url, {}, ', expect: 401');
    expect(run).toMatchObject({ status: 'succeeded', outputs: { call: { status: 401 } } });
  });

  test('to a host that the connection does not name is not sent at all', async () => {
    const url = stub.on('/elsewhere', { body: {} });
    const made = await connect('bearer', { hosts: ['api.example.com', '*.example.org:8443'] }, { token: 'tok-SECRET-host' });
    const { run } = await runWith(made.name, url);
    expect(run.error).toMatchObject({ name: 'CredentialRejected', message: expect.stringContaining(`not to ${host}`) });
    expect(stub.count('/elsewhere')).toBe(0);
  });

  test('a redirect to another origin goes without it', async () => {
    const other = await startStub();
    const target = other.on('/target', { body: {} });
    const url = stub.on('/moves', { status: 302, headers: { location: target } });
    const made = await connect('bearer', {}, { token: 'tok-SECRET-redirect' });
    const { run } = await runWith(made.name, url);
    expect(run.status).toBe('succeeded');
    expect(JSON.stringify(other.calls)).not.toContain('SECRET');
    await other.close();
  });

  test('a run may use another one instead, and says so when that is not there', async () => {
    const url = takes('/overridden', (headers) => headers['authorization'] === 'Bearer tok-of-test');
    const [live, trial] = [
      await connect('bearer', {}, { token: 'tok-of-live' }),
      await connect('bearer', {}, { token: 'tok-of-test' }),
    ];
    const used = await runWith(live.name, url, { connection_overrides: { [live.name]: trial.name } });
    expect(used.run.status).toBe('succeeded');
    const { run } = await runWith(live.name, url, { connection_overrides: { [live.name]: 'nowhere' } });
    expect(run.error.message).toContain(`no connection "nowhere", which the run uses instead of "${live.name}"`);
  });
});

test('tokens of OAuth 2 are fetched once, again when they are over or revoked, and read by nobody', async () => {
  const tokens = await aTokenServer({ client: 'millrun', secret: 'client-SECRET' });
  const url = takes('/with-token', (headers) => tokens.isValid(String(headers['authorization']).replace('Bearer ', '')));
  const settings = { token_url: tokens.url, client_id: 'millrun', scope: 'orders' };
  const made = await connect('oauth2_client_credentials', settings, { client_secret: 'client-SECRET' });
  const { run, workflow } = await runWith(made.name, url);
  expect(run.status, JSON.stringify(run.error)).toBe('succeeded');
  const again = () => api.post(`/v1/workflows/${workflow}/command`, { command: 'start', params: { wait: 20 } });
  expect((await again()).body.status).toBe('succeeded');
  expect(tokens.issued()).toBe(1);
  tokens.revokeAll();
  expect((await again()).body.status).toBe('succeeded');
  expect(tokens.issued()).toBe(2);
  await expectNowhere('client-SECRET', [run.id], made.id);
  for (const token of tokens.all()) await expectNowhere(token, [run.id], made.id);

  await api.call('PATCH', `/v1/connections/${made.id}`, { body: { secret: { client_secret: 'wrong-SECRET' } } });
  const refused = (await again()).body;
  expect(refused.error, JSON.stringify(refused.error)).toMatchObject({
    name: 'CredentialRejected',
    message: expect.stringContaining('invalid_client'),
  });
  expect(await statusOf(made)).toMatchObject({ state: 'not_connected' });
  await tokens.close();
});

test('a token server that is not there, or answers nonsense, is a fault that a retry may mend', async () => {
  const url = stub.on('/never-called', { body: {} });
  const failures = [
    ['http://127.0.0.1:9/token', 'ConnectionFailed'],
    [stub.on('/down', { status: 503, body: { error: 'temporarily_unavailable' } }), 'HttpServerError'],
    [stub.on('/nonsense', { body: 'hello' }), 'HttpServerError'],
  ];
  for (const [token_url, name] of failures) {
    const made = await connect('oauth2_client_credentials', { token_url, client_id: 'x' }, { client_secret: 'y' });
    expect((await runWith(made.name, url)).run.error?.name, String(token_url)).toBe(name);
  }
  expect(stub.count('/never-called')).toBe(0);
});

test('a secret is replaced without a gap: the one before is tried for as long as it was said', async () => {
  const url = takes('/rotates', (headers) => headers['authorization'] === 'Bearer old-token');
  const made = await connect('bearer', {}, { token: 'old-token' });
  const { workflow } = await runWith(made.name, url);
  const again = async () =>
    (await api.post(`/v1/workflows/${workflow}/command`, { command: 'start', params: { wait: 20 } })).body;
  const change = await api.call('PATCH', `/v1/connections/${made.id}`, {
    body: { secret: { token: 'new-token' }, keep_hours: 1 },
  });
  expect(change.body).toMatchObject({ status: { state: 'untested' }, previous_secret_until: expect.any(String) });
  expect((await again()).status).toBe('succeeded');
  await api.call('PATCH', `/v1/connections/${made.id}`, { body: { secret: { token: 'newer-token' } } });
  expect((await again()).error.name).toBe('CredentialRejected');
});

test('a test call says how it stands, without a run', async () => {
  const url = takes('/tested', (headers) => headers['authorization'] === 'Bearer good-token');
  const made = await connect('bearer', {}, { token: 'good-token' });
  const tried = (body: object) => api.post(`/v1/connections/${made.id}/test`, body);
  expect((await tried({ url })).body.status.state).toBe('connected');
  expect((await tried({ url: stub.on('/denies', { status: 403 }) })).body.status).toMatchObject({
    state: 'not_connected',
    reason: expect.stringContaining('answered 403'),
  });
  expect((await tried({ url: 'http://127.0.0.1:9/' })).body.status.reason).toContain('may be sent to');
  expect(await tried({})).toMatchObject({ status: 400, body: { message: expect.stringContaining('Say a url to call') } });
});

describe('a workflow', () => {
  test('with a connection that its project does not have is saved, and not published', async () => {
    const definition = `format: 1\nname: ${uniqueName()}\nconnections: [nowhere]\nsteps:\n  ${callWith('nowhere', 'https://erp.example/')}`;
    const made = await api.post('/v1/workflows', { project_id: 'examples', definition });
    expect(made.status).toBe(201);
    const refused = await api.post(`/v1/workflows/${made.body.id}/publish`, {});
    expect(refused).toMatchObject({
      status: 422,
      body: { message: expect.stringContaining('project "examples" has no connection "nowhere"') },
    });
    expect(refused.body.details[0].name).toBe('steps.call.http.connection');
  });

  test('keeps its connection from being deleted by mistake', async () => {
    const made = await connect('bearer', {}, { token: 'used-token' });
    const { workflow } = await runWith(made.name, stub.on('/used', { body: {} }));
    const detail = await api.get(`/v1/connections/${made.id}`);
    expect(detail.body.used_by).toMatchObject([{ workflow_id: workflow }]);
    expect(await api.call('DELETE', `/v1/connections/${made.id}`)).toMatchObject({ status: 409 });
    expect(await api.call('DELETE', `/v1/connections/${made.id}?force=true`)).toMatchObject({ status: 204 });
    expect(await api.get(`/v1/connections/${made.id}`)).toMatchObject({ status: 404 });
    const left = (await api.post(`/v1/workflows/${workflow}/command`, { command: 'start', params: { wait: 20 } })).body;
    expect(left.error).toMatchObject({ name: 'CredentialRejected' });
  });
});

describe('what is refused', () => {
  const whole = {
    project_id: 'examples',
    name: 'refused',
    type: 'bearer',
    settings: { hosts: ['a.example'] },
    secret: { token: 'tok-SECRET' },
  };
  test.each([
    ['an unknown type', { ...whole, type: 'carrier-pigeon' }],
    ['settings of another type', { ...whole, settings: { hosts: ['a.example'], username: 'ada' } }],
    ['no host', { ...whole, settings: { hosts: [] } }],
    ['a URL for a host', { ...whole, settings: { hosts: ['https://a.example/'] } }],
    ['a secret with a line break', { ...whole, secret: { token: 'tok-SECRET\r\nx: y' } }],
    ['a secret that is too large to be sealed', { ...whole, secret: { token: `SECRET${'x'.repeat(4_000)}` } }],
    ['a name that documents cannot use', { ...whole, name: 'Not A Name' }],
  ])('%s, and the secret is not quoted', async (_, body) => {
    const answer = await api.post('/v1/connections', body);
    expect(answer.status).toBe(400);
    expect(answer.text).not.toContain('SECRET');
  });

  test('a change that its type does not have, without quoting it', async () => {
    const made = await connect('basic', { username: 'ada' }, { password: 'first' });
    for (const body of [{ secret: { token: 'SECRET' } }, { secret: 'SECRET' }, { settings: { hosts: ['a.example'] } }]) {
      const answer = await api.call('PATCH', `/v1/connections/${made.id}`, { body });
      expect(answer.status).toBe(400);
      expect(answer.text).not.toContain('SECRET');
    }
  });

  test('a second one of that name in the project', async () => {
    const made = await connect('bearer', {}, { token: 'one' });
    const twice = {
      project_id: 'examples',
      name: made.name,
      type: 'bearer',
      settings: { hosts: ['a.example'] },
      secret: { token: 'two' },
    };
    expect(await api.post('/v1/connections', twice)).toMatchObject({ status: 409 });
  });

  test('changes by who is no admin', async () => {
    const made = await connect('bearer', {}, { token: 'mine' });
    const key = await api.keyOf({ role: 'editor', project: 'examples' });
    expect(await api.call('PATCH', `/v1/connections/${made.id}`, { key, body: { keep_hours: 1 } })).toMatchObject({
      status: 403,
    });
    expect(await api.get(`/v1/connections/${made.id}`, { key })).toMatchObject({ status: 200 });
  });
});

/** Not in any view of the runs or of the connection, not in any row. */
async function expectNowhere(secret: string, runs: string[], connection: string): Promise<void> {
  const paths = runs.flatMap((id) => [
    `/v1/runs/${id}`,
    `/v1/runs/${id}/events?limit=100`,
    `/v1/runs/${id}/context?step=call`,
    `/v2/runs/${id}`,
  ]);
  const views = await Promise.all(
    [...paths, `/v1/connections/${connection}`, '/v1/connections?limit=100'].map((path) => api.get(path)),
  );
  expect(views.every(({ status }) => status === 200)).toBe(true);
  for (const { text: view } of views) expect(view).not.toContain(secret);
  const client = new DynamoDBClient({});
  for (const variable of ['RUNS_TABLE', 'CONNECTIONS_TABLE']) {
    const { Items = [] } = await client.send(new ScanCommand({ TableName: process.env[variable] }));
    expect(Items.length).toBeGreaterThan(0);
    expect(JSON.stringify(Items)).not.toContain(secret);
  }
}

/** The signature that AWS would find: the same signer over what has arrived. */
async function signatureOf(
  sent: Record<string, unknown>,
  href: string,
  { secret_access_key, session_token }: Record<string, string>,
) {
  const url = new URL(href);
  const signedNames = /SignedHeaders=([^,]+)/.exec(String(sent['authorization']))?.[1]?.split(';') ?? [];
  const date = String(sent['x-amz-date']);
  const signer = new SignatureV4({
    service: 'execute-api',
    region: 'eu-central-1',
    sha256: class {
      readonly #parts: Uint8Array[] = [];
      readonly #secret: unknown;
      constructor(secret?: unknown) {
        this.#secret = secret;
      }
      update(data: string | Uint8Array) {
        this.#parts.push(Buffer.from(data as string));
      }
      async digest() {
        const { createHmac } = await import('node:crypto');
        const hash = this.#secret === undefined ? createHash('sha256') : createHmac('sha256', this.#secret as string);
        for (const part of this.#parts) hash.update(part);
        return hash.digest();
      }
    } as never,
    credentials: {
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: secret_access_key ?? '',
      sessionToken: session_token ?? '',
    },
  });
  const headers = Object.fromEntries(signedNames.map((name) => [name, String(sent[name])]));
  const signed = await signer.sign(
    {
      method: 'GET',
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers,
    },
    { signingDate: new Date(date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z')) },
  );
  return signed.headers['authorization'];
}
