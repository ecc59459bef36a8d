import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Api, type Ask, expectRefusal, ONE_STEP, startApi } from '../edge/api.ts';
import { Listener } from '../harness/listener.ts';
import { CLIENT_ID, SignInProvider } from '../harness/sign-in-provider.ts';

const verified = (email: string, more: object = {}) => ({ email, email_verified: true, ...more });

let provider: SignInProvider;
let api: Api;
let workspaceKey: string;
beforeAll(async () => {
  provider = await new SignInProvider({
    ada: verified('Ada@Example.com', { name: 'Ada of the provider' }),
    bob: { email: 'ada@example.com', email_verified: false },
    cleo: verified('cleo@example.com'),
    dan: verified('dan@example.com'),
    gus: verified('gus@example.com'),
    eda: verified('eda@example.com', { name: 'Eda', groups: ['staff', 'support'] }),
  }).start();
  api = await startApi({
    bootstrapWorkspace: 'local',
    bootstrapProject: 'examples',
    oidcIssuer: provider.issuer,
    oidcClientId: CLIENT_ID,
    oidcGroups: ['support=operator'],
  });
  workspaceKey = await api.keyOf({});
  await api.post('/v1/members', { email: 'ada@example.com', name: 'Ada', role: 'operator' }, { key: workspaceKey });
});
afterAll(async () => {
  await api.close();
  await provider.stop();
});

const as = (token: string, headers: Record<string, string> = {}): Ask => ({
  key: null,
  headers: { authorization: `Bearer ${token}`, ...headers },
});
const signedIn = async (login: string) => as(await provider.signIn(login));
const refusedAs = async (claims: object, status = 401) => {
  const answered = await api.get('/v1/me', as(await provider.sign(claims as never)));
  expectRefusal(answered, status);
  return answered.body.message;
};

describe('whoever has signed in', () => {
  test('acts as the member that has their address', async () => {
    const ada = await signedIn('ada');
    const { body } = await api.get('/v1/me', ada);
    expect(body).toEqual({
      kind: 'member',
      id: expect.any(String),
      name: 'Ada',
      email: 'ada@example.com',
      role: 'operator',
      workspace: 'local',
      project_id: null,
      memberships: [{ id: body.id, workspace: 'local', project_id: null, role: 'operator' }],
      live_url: expect.stringMatching(/^ws:.*\/v1\/live$/),
    });
    const run = (await api.start(await api.publish(ONE_STEP), {}, ada)).body;
    expect(run.actor).toEqual({ kind: 'member', id: body.id, name: 'Ada', email: 'ada@example.com' });
    const comment = await api.post(`/v1/runs/${run.id}/comments`, { text: 'mine' }, ada);
    expect(comment.body.actor).toEqual(run.actor);
  });

  test('may do what the role allows and nothing else', async () => {
    const refused = await api.get('/v1/members', await signedIn('ada'));
    expectRefusal(refused, 403);
    expect(refused.body.message).toContain('the member "Ada" has the role operator');
  });

  test('has another role, and is nobody, within half a minute of being told so', async () => {
    const { body } = await api.post(
      '/v1/members',
      { email: 'dan@example.com', name: 'Dan', role: 'viewer' },
      { key: workspaceKey },
    );
    const dan = await signedIn('dan');
    expect((await api.get('/v1/me', dan)).body.role).toBe('viewer');
    const now = performance.now.bind(performance);
    let ahead = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => now() + ahead);
    await api.call('PATCH', `/v1/members/${body.id}`, { key: workspaceKey, body: { role: 'editor' } });
    ahead += 31_000;
    await vi.waitFor(async () => expect((await api.get('/v1/me', dan)).body.role).toBe('editor'));
    await api.call('DELETE', `/v1/members/${body.id}`, { key: workspaceKey });
    ahead += 31_000;
    await vi.waitFor(async () => expectRefusal(await api.get('/v1/me', dan), 403));
    vi.restoreAllMocks();
  });

  test('and is no member is told so, and is one as soon as they are added', async () => {
    const cleo = await signedIn('cleo');
    const refused = await api.get('/v1/me', cleo);
    expectRefusal(refused, 403);
    expect(refused.body.message).toContain('cleo@example.com is no member');
    await api.post(
      '/v1/members',
      { email: 'cleo@example.com', name: 'Cleo', role: 'viewer', project_id: 'sales' },
      { key: workspaceKey },
    );
    expect((await api.get('/v1/me', cleo)).body).toMatchObject({ role: 'viewer', project_id: 'sales' });
    expectRefusal(await api.get('/v1/runs?project_id=examples', cleo), 404, 'project');
  });

  test('has the role of a group without having been added', async () => {
    const { body } = await api.get('/v1/me', await signedIn('eda'));
    expect(body).toMatchObject({ kind: 'member', name: 'Eda', email: 'eda@example.com', role: 'operator', workspace: 'local' });
    expect(body.memberships).toEqual([{ id: body.id, workspace: 'local', project_id: null, role: 'operator' }]);
  });

  test('in several workspaces names the one that is meant', async () => {
    const [here, there] = await Promise.all(
      [workspaceKey, await api.keyOf({ workspace: 'others' })].map(
        async (key) =>
          (await api.post('/v1/members', { email: 'fay@example.com', name: 'Fay', role: 'viewer' }, { key })).body.id,
      ),
    );
    const token = await provider.sign({ email: 'fay@example.com', email_verified: true });
    const refused = await api.get('/v1/me', as(token));
    expectRefusal(refused, 403);
    expect(refused.body.message).toContain(`${there} (others)`);
    expect(refused.body.details).toContainEqual({ name: 'others', value: there });
    const { body } = await api.get('/v1/me', as(token, { 'x-member': there }));
    expect(body).toMatchObject({ id: there, workspace: 'others' });
    expect(body.memberships.map(({ id }: { id: string }) => id).toSorted()).toEqual([here, there].toSorted());
    const ada = (await api.get('/v1/me', await signedIn('ada'))).body.id;
    expectRefusal(await api.get('/v1/me', as(token, { 'x-member': ada })), 403);
  });
});

describe('nobody gets in', () => {
  test('by an address that the provider has not verified', async () => {
    const answered = await api.get('/v1/me', await signedIn('bob'));
    expectRefusal(answered, 401);
    expect(answered.body.message).toContain('has not verified ada@example.com');
  });

  test('by a token for somebody else, of somebody else, of the past, or without an address', async () => {
    const ada = verified('ada@example.com');
    expect((await api.get('/v1/me', as(await provider.sign(ada)))).status).toBe(200);
    expect(await refusedAs({ ...ada, aud: 'another' })).toContain('somebody else');
    expect(await refusedAs({ ...ada, iss: 'https://evil.example' })).toContain('not issued by');
    expect(await refusedAs({ ...ada, exp: Math.floor(Date.now() / 1000) - 60 })).toContain('expired');
    expect(await refusedAs({})).toContain('no e-mail address');
  });

  test('by a token without a signature', async () => {
    const [, payload] = (await provider.sign(verified('ada@example.com'))).split('.');
    const head = Buffer.from('{"alg":"none"}').toString('base64url');
    expectRefusal(await api.get('/v1/me', as(`${head}.${payload}.`)), 401);
  });

  test('by a token where a key is asked for, or beside a key that is none', async () => {
    const token = await provider.signIn('ada');
    expectRefusal(await api.get('/v1/me', { key: token }), 401);
    expectRefusal(await api.get('/v1/me', { key: 'nonsense', headers: { authorization: `Bearer ${token}` } }), 401);
  });
});

test('who listens and is removed is told nothing more; who is a member by a group goes on listening', async () => {
  const gus = { email: 'gus@example.com', name: 'Gus', role: 'viewer' };
  const added = await api.post('/v1/members', gus, { key: workspaceKey });
  expect(added.status).toBe(201);
  const tokens = [await provider.signIn('gus'), await provider.signIn('eda')];
  const [removed, byGroup] = await Promise.all(tokens.map((token) => Listener.authorized(api.url, token)));
  if (!removed || !byGroup) throw new Error('nobody listens');
  for (const one of [removed, byGroup]) {
    expect(one.told).toMatchObject([{ authorized: { workspace: 'local' } }]);
    await one.subscribe({ subscribe: 'feed' });
    expect(one.told.at(-1)).toEqual({ subscribed: 'feed' });
  }
  const workflow = await api.publish(ONE_STEP);
  expect((await api.call('DELETE', `/v1/members/${added.body.id}`, { key: workspaceKey })).status).toBe(204);
  await api.start(workflow);
  await removed.until(() => removed.closed);
  expect(removed.of('feed')).toEqual([]);
  expect(removed.told.at(-1)).toMatchObject({ error: { name: 'NotAuthorized' } });
  await byGroup.until(() => byGroup.of('feed').length > 0);
  byGroup.close();
});

// The last, since it leaves the provider's keys behind.
test('while the provider is down, keys go on working, tokens by keys that are known too, and others are told to come back', async () => {
  const ada = await signedIn('ada');
  expect((await api.get('/v1/me', ada)).status).toBe(200);
  await provider.stop();
  expect((await api.get('/v1/me', ada)).status).toBe(200);
  expect((await api.get('/v1/me')).status).toBe(200);
  const { logger } = await import('../../shared/aws/observe.ts');
  const logged = vi.spyOn(logger, 'error').mockReturnValue(undefined);
  const later = Date.now() + 11 * 60_000;
  vi.spyOn(Date, 'now').mockReturnValue(later);
  // A fault that is not ours: the client of the other tests takes every 5xx for one.
  const answered = await fetch(`${api.url}/v1/me`, { headers: ada.headers ?? {} });
  expect([answered.status, answered.headers.get('retry-after')]).toEqual([503, '5']);
  expect(await answered.json()).toMatchObject({ status_code: 503, message: expect.stringContaining('API keys go on working') });
  expect(logged).toHaveBeenCalled();
  expect((await api.get('/v1/me')).status).toBe(200);
  vi.restoreAllMocks();
  await provider.start();
  expect((await api.get('/v1/me', ada)).status).toBe(200);
});
