import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GoneException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { Client } from '../../client/client.ts';
import type { Cloud } from '../../local/cloud.ts';
import { DynamoKeys } from '../../shared/access/key.dynamo.ts';
import { newKey } from '../../shared/access/key.ts';
import { dynamo } from '../../shared/aws/clients.ts';
import { cloudInProcess } from '../harness/cloud.ts';
import { Listener } from '../harness/listener.ts';
import { API_KEY } from '../harness/millrun-process.ts';

let cloud: Cloud;
let api: Client;
const listeners: Listener[] = [];
beforeAll(async () => {
  cloud = await cloudInProcess();
  api = new Client({ url: cloud.url, apiKey: API_KEY });
});
afterAll(() => cloud?.close());
afterEach(() => {
  for (const one of listeners.splice(0)) one.close();
});

async function listen(key?: string): Promise<Listener> {
  const listener = await Listener.authorized(cloud.url, key);
  listeners.push(listener);
  return listener;
}

const STEPS =
  'format: 1\nname: NAME\nsteps:\n  - id: first\n    set: {a: 1}\n  - id: pause\n    wait: 1s\n  - id: last\n    set: {b: 2}\n';
let workflows = 0;
async function workflow(steps = STEPS): Promise<string> {
  workflows += 1;
  const body = { project_id: 'examples', definition: steps.replace('NAME', `live-${workflows}`) };
  const { id } = await api.call('createWorkflow', { body });
  await api.call('publishWorkflow', { params: { workflow_id: id }, body: {} });
  return id;
}
const start = async (id: string) =>
  (await api.call('commandWorkflow', { params: { workflow_id: id }, body: { command: 'start' } })) as { id: string };
const logOf = async (id: string) =>
  (await api.call('getRunEvents', { params: { run_id: id }, query: { limit: 100 } })).items.map(({ id }) => id);
const cursors = (listener: Listener, id: string) => listener.of(`run:${id}`).map(({ cursor }) => cursor);
const errors = (listener: Listener) => listener.told.flatMap(({ error }) => (error ? [Object(error).name] : []));

test('a run is told line by line, without gap or repeat, across reconnects from any cursor', async () => {
  const { id } = await start(await workflow());
  const first = await listen();
  await first.subscribe({ subscribe: `run:${id}` });
  await first.until(() => cursors(first, id).length >= 3);
  first.close();
  const seen = cursors(first, id);

  const second = await listen();
  await second.subscribe({ subscribe: `run:${id}`, after: seen.at(-1) });
  const late = await listen();
  await late.subscribe({ subscribe: `run:${id}`, after: -1 });
  const ended = (one: Listener) => one.of(`run:${id}`).some(({ event }) => Object(event).type === 'run_succeeded');
  await Promise.all([second.until(() => ended(second)), late.until(() => ended(late))]);
  const log = await logOf(id);
  expect([...seen, ...cursors(second, id)]).toEqual(log);
  expect(cursors(late, id)).toEqual(log);

  const after = await listen();
  await after.subscribe({ subscribe: `run:${id}` });
  await after.until(() => ended(after));
  expect(cursors(after, id)).toEqual(log);
});

test('a feed tells of the runs that its filter is about, soon after they are written', async () => {
  const [mine, other] = [await workflow(), await workflow()];
  const listener = await listen();
  await listener.subscribe({ subscribe: 'feed', filter: { workflow_id: mine } });
  const begun = performance.now();
  const { id } = await start(mine);
  await start(other);
  await listener.until(() => listener.of('feed').length > 0);
  expect(performance.now() - begun).toBeLessThan(1000);
  await listener.until(() => listener.of('feed').some(({ run }) => Object(run).status === 'succeeded'));
  const runs = listener.of('feed').map(({ run }) => Object(run));
  expect(new Set(runs.map((run) => run.id))).toEqual(new Set([id]));
  expect(runs.at(0)?.status).toBe('pending');
  const order = listener.of('feed').map(({ cursor }) => Number(cursor));
  expect(order).toEqual(order.toSorted((a, b) => a - b));
  expect(new Set(order).size).toBe(order.length);

  listener.send({ unsubscribe: 'feed' });
  await listener.until(() => listener.told.some((one) => one['unsubscribed'] === 'feed'));
});

test('nobody is told anything before they have said who they are', async () => {
  const silent = new Listener(cloud.url);
  listeners.push(silent);
  await silent.opened();
  silent.send({ subscribe: 'feed' });
  await silent.until(() => silent.closed);
  expect(errors(silent)).toEqual(['NotAuthorized']);

  const wrong = new Listener(cloud.url);
  listeners.push(wrong);
  await wrong.opened();
  wrong.send({ authorize: 'mr_nobody' });
  await wrong.until(() => wrong.closed);
  expect(errors(wrong)).toEqual(['NotAuthorized']);
});

test('what is wrong is said by name, and the connection stays', async () => {
  const listener = await listen();
  listener.send('no json');
  listener.send({ subscribe: 'runs' });
  listener.send({ subscribe: 'run:01ARZ3NDEKTSV4RRFFQ69G5FAV' });
  listener.send({ authorize: API_KEY });
  await listener.until(() => errors(listener).length === 4);
  expect(errors(listener).toSorted()).toEqual(['BadMessage', 'BadMessage', 'NotFound', 'UnknownTopic']);
  expect(listener.closed).toBe(false);
});

test('the runs of others are nobody’s: not by their id, and not in the feed', async () => {
  const { key, record } = newKey({ workspace: 'other', name: 'other', role: 'admin' }, new Date());
  await new DynamoKeys(dynamo, process.env['ACCESS_TABLE'] ?? '').put(record);
  const foreign = await listen(key);
  await foreign.subscribe({ subscribe: 'feed' });
  const { id } = await start(await workflow());
  foreign.send({ subscribe: `run:${id}` });
  await foreign.until(() => errors(foreign).length > 0);
  await vi.waitUntil(async () => (await logOf(id)).length > 5, { timeout: 5000 });
  expect(errors(foreign)).toEqual(['NotFound']);
  expect([foreign.of('feed'), foreign.of(`run:${id}`)]).toEqual([[], []]);
});

test('a key that is revoked is told nothing more, and its connection ends', async () => {
  const { key, id } = await api.call('createKey', { body: { name: 'soon gone', role: 'viewer', project_id: 'examples' } });
  const listener = await listen(key);
  const flow = await workflow();
  await listener.subscribe({ subscribe: 'feed', filter: { workflow_id: flow } });
  await api.call('revokeKey', { params: { key_id: id } });
  await start(flow);
  await vi.waitUntil(() => listener.closed, { timeout: 5000 });
  expect(listener.of('feed')).toEqual([]);
  expect(errors(listener)).toEqual(['NotAuthorized']);
});

test('who am I says where to listen', async () => {
  const me = await api.call('getMe', {});
  expect(me.live_url).toBe(`${cloud.url.replace('http', 'ws')}/v1/live`);
});

test('a message to a connection that is gone is refused as API Gateway does, on the long way and on the short one', async () => {
  const client = new ApiGatewayManagementApiClient({ endpoint: process.env['LIVE_CALLBACK_URL'] ?? '', maxAttempts: 1 });
  const post = () => client.send(new PostToConnectionCommand({ ConnectionId: 'nobody', Data: '{}' }));
  await expect(post()).rejects.toBeInstanceOf(GoneException);
  await expect(post()).rejects.toBeInstanceOf(GoneException);
  await expect(client.send(new DeleteConnectionCommand({ ConnectionId: 'nobody' }))).rejects.toBeInstanceOf(GoneException);
});

test('a WebSocket is where it should be and nowhere else', async () => {
  const socket = new WebSocket(`${cloud.url.replace('http', 'ws')}/v1/elsewhere`);
  await new Promise((resolve) => {
    socket.onerror = resolve;
  });
  expect(socket.readyState).not.toBe(WebSocket.OPEN);
});

test('embedded, the events of a run come as server-sent events, from the last that was seen on', async () => {
  const { id } = await start(await workflow());
  await vi.waitUntil(async () => (await api.call('getRun', { params: { run_id: id } })).ended_at !== null, { timeout: 5000 });
  const log = await logOf(id);
  const stream = (headers: Record<string, string>, of = id) => {
    const end = new AbortController();
    const answer = fetch(`${cloud.url}/v1/runs/${of}/events/stream`, { headers, signal: end.signal });
    return answer.then((response) => ({ response, end: () => end.abort() }));
  };
  const { response, end } = await stream({ 'x-api-key': API_KEY, 'last-event-id': '2' });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const wanted = log.filter((cursor) => cursor > 2);
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk);
    if (text.includes(`id: ${wanted.at(-1)}\n`)) break;
  }
  end();
  expect([...text.matchAll(/^id: (\d+)$/gm)].map(([, cursor]) => Number(cursor))).toEqual(wanted);
  expect((await stream({})).response.status).toBe(401);
  expect((await stream({ 'x-api-key': API_KEY }, '01ARZ3NDEKTSV4RRFFQ69G5FAV')).response.status).toBe(404);
});
