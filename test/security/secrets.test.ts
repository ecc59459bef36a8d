import { text } from 'node:stream/consumers';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { DynamoRuns } from '../../shared/run/store/run.dynamo.ts';
import { aServer } from '../executor/http/server.ts';
import type { Definition } from '../run/client.ts';
import { setting } from '../run/setting.ts';

const at = setting();
const SECRET = 'pa55 w"rd/1';
const KEY = 'sk-live-0123456789';

/** Every view there is of a run, as text. */
async function viewsOf(run: { id: string; workflow_id: string }): Promise<string> {
  const steps = Object.keys(await at.api.context(run.id));
  const paths = [
    `/v1/runs/${run.id}`,
    `/v2/runs/${run.id}`,
    `/v1/runs/${run.id}/events?limit=1000`,
    `/v1/runs/${run.id}/context`,
    ...steps.map((key) => `/v1/runs/${run.id}/context?step=${encodeURIComponent(key)}`),
    `/v1/runs?workflow_id=${run.workflow_id}`,
    `/v1/workflows/${run.workflow_id}/runs`,
    `/v2/runs?process_id=${run.workflow_id}&agent_id=examples`,
  ];
  const views = await Promise.all(paths.map((path) => at.api.expect(200, 'GET', path)));
  const links = [`inputs`, `outputs`, ...steps.flatMap((key) => ['inputs', 'outputs'].map((name) => `${name}?step=${key}`))];
  const wholes = await Promise.all(links.map((link) => at.api.whole(`/v1/runs/${run.id}/values/${link}`)));
  return JSON.stringify([...views, ...wholes]);
}

/** As it stands in JSON, and inside of a JSON text in JSON. */
const seenIn = (views: string, secret: string) =>
  [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)].some((text) => views.includes(text));

const input = {
  type: 'object',
  properties: {
    password: { type: 'string', secret: true },
    login: { type: 'object', properties: { pin: { type: 'integer', secret: true }, user: { type: 'string' } } },
  },
};

test('a secret input works in steps and is masked in every view of the run, wherever it shows up', async () => {
  const url = at.stub.on('/login', { body: { ok: true } });
  const run = await at.api.through(
    {
      input,
      reference: 'order of ${ $input.password }',
      steps: [
        { id: 'kept', set: { text: 'is ${ $input.password }', pin: '${ $input.login.pin }', user: '${ $input.login.user }' } },
        { id: 'call', http: { method: 'POST', url, body: { text: '${ $steps.kept.text }', pin: '${ $steps.kept.pin }' } } },
        { id: 'each', forEach: { in: ['${ $input.password }'], as: 'one', steps: [{ id: 'item', set: { one: '${ $one }' } }] } },
      ],
      output: { text: '${ $steps.kept.text }', large: '${ $pad($input.password, 20000, "x") }', user: '${ $steps.kept.user }' },
    },
    { password: SECRET, login: { pin: 471_147, user: 'ada' } },
  );
  expect(run.error).toBeNull();
  expect(at.stub.to('/login')[0]?.body).toEqual({ text: `is ${SECRET}`, pin: 471_147 });
  expect(run).toMatchObject({
    reference: 'order of ***',
    inputs: { password: '***', login: { pin: '***', user: 'ada' } },
    outputs: { text: 'is ***', user: 'ada' },
  });
  const views = await viewsOf(run);
  expect(seenIn(views, SECRET)).toBe(false);
  expect(views).not.toContain('471147');
});

test('the journal holds no secret', async () => {
  const run = await at.api.through(
    {
      input,
      steps: [
        { id: 'a', set: { text: 'is ${ $input.password }' } },
        { id: 'b', raise: { error: 'No', message: '${ $input.password }' } },
      ],
    },
    { password: SECRET },
  );
  const client = new DynamoDBClient({ endpoint: at.cloud.cloudUrl });
  const runs = new DynamoRuns(() => client, { table: process.env['RUNS_TABLE'] ?? '' });
  const entries = await runs.entriesAfter(run.id, 0);
  client.destroy();
  expect(entries.filter(({ type }) => type === 'step_started')).toMatchObject([
    { key: 'a', input: { json: '{"text":"is ***"}' } },
    { key: 'b', input: { json: '{"error":"No","message":"***"}' } },
  ]);
  expect(entries).toContainEqual(expect.objectContaining({ type: 'step_failed', error: { name: 'No', message: '***' } }));
});

test('a dry run masks what it was given', async () => {
  const workflow = await at.api.publish({ input, steps: [{ id: 'a', set: { n: '${ $number($input.password) }' } }] });
  const command = { command: 'start', params: { inputs: { password: SECRET }, dry_run: true } };
  const dry = await at.api.expect(200, 'POST', `/v1/workflows/${workflow}/command`, command);
  expect(dry).toMatchObject({ inputs: { password: '***' }, problems: [{ message: expect.stringContaining('***') }] });
  expect(seenIn(JSON.stringify(dry), SECRET)).toBe(false);
});

test('a rerun has the secret, and shows it as little', async () => {
  const url = at.stub.on('/again', { body: {} });
  const first = await at.api.through(
    { input, steps: [{ id: 'call', http: { method: 'POST', url, body: { text: '${ $input.password }' } } }] },
    { password: SECRET },
  );
  const rerun = (await at.api.expect(201, 'POST', `/v1/runs/${first.id}/rerun`, { from: 'start' })) as { id: string };
  expect(seenIn(JSON.stringify(rerun), SECRET)).toBe(false);
  await at.api.ended(rerun.id);
  expect(at.stub.to('/again').map(({ body }) => body)).toEqual([{ text: SECRET }, { text: SECRET }]);
});

test.each<[string, unknown[]]>([
  ['raised', [{ id: 'a', raise: { error: 'NoEntry', message: 'not with ${ $input.password }' } }]],
  ['of an expression', [{ id: 'a', set: { n: '${ $number($input.password) }' } }]],
  ['of a group', [{ id: 'a', forEach: { in: '${ $number($input.password) }', as: 'x', steps: [{ id: 'b', set: {} }] } }]],
  ['of a wait', [{ id: 'a', wait: '${ $input.password }' }]],
])('the words of a failure %s do not tell a secret', async (_, steps) => {
  const run = await at.api.through({ input, steps }, { password: SECRET });
  expect(run.status).toBe('failed');
  expect(seenIn(await viewsOf(run), SECRET)).toBe(false);
});

test('outputs that cannot be made do not tell it either', async () => {
  const run = await at.api.through(
    { input, steps: [{ id: 'a', set: {} }], output: { n: '${ $number($input.password) }' } },
    { password: SECRET },
  );
  expect(run.error?.message).toContain('***');
  expect(seenIn(await viewsOf(run), SECRET)).toBe(false);
});

test('what a called workflow calls a secret is none of the caller’s views either, nor its failure', async () => {
  const name = `child-${Date.now().toString(36)}`;
  const child: Definition = {
    name,
    input,
    steps: [{ id: 'fail', raise: { error: 'NoEntry', message: 'not with ${ $input.password }' } }],
  };
  await at.api.publish(child);
  const run = await at.api.through({
    steps: [{ id: 'call', run: { workflow: name, input: { password: '${ "pa55" & " w\\"rd/1" }' } } }],
  });
  expect(run.error).toMatchObject({ name: 'ChildRunFailed', message: expect.stringContaining('not with ***') });
  expect(await at.api.step(run.id, 'call')).toMatchObject({ input: { password: '***' } });
  expect(seenIn(await viewsOf(run), SECRET)).toBe(false);
});

test('credentials of an http step are sent, and stand neither in its input nor in what the server says of them', async () => {
  const seen: unknown[] = [];
  const { url } = await aServer(async (request, response) => {
    const { authorization, 'x-functions-key': key } = request.headers;
    seen.push({ path: request.url, authorization, key, body: JSON.parse(await text(request)) });
    response.writeHead(403, { 'content-type': 'text/plain', location: `https://elsewhere.example/?sig=of-${KEY}` });
    response.end(`bad key ${KEY} in ${request.url}`);
  });
  const run = await at.api.through({
    steps: [
      {
        id: 'call',
        http: {
          method: 'POST',
          url: `${url}/closed?code=7&access_token=${KEY}-url`,
          query: { api_key: KEY, page: 2 },
          headers: {
            authorization: `Bearer ${KEY}-bearer`,
            'x-functions-key': `${KEY}-fn`,
            cookie: `sid=${KEY}-c`,
            'x-plain': 'p',
          },
          body: { client_secret: `${KEY}-body`, order: 'PO-7' },
        },
        catch: [{ steps: [{ id: 'note', set: { text: '${ $error.message }' } }] }],
      },
    ],
  });
  expect(seen).toEqual([
    {
      path: `/closed?code=7&access_token=${KEY}-url&api_key=${KEY}&page=2`,
      authorization: `Bearer ${KEY}-bearer`,
      key: `${KEY}-fn`,
      body: { client_secret: `${KEY}-body`, order: 'PO-7' },
    },
  ]);
  expect(await at.api.step(run.id, 'call')).toMatchObject({
    input: {
      url: `${url}/closed?code=7&access_token=***`,
      query: { api_key: '***', page: 2 },
      headers: { authorization: '***', 'x-functions-key': '***', cookie: '***', 'x-plain': 'p' },
      body: { client_secret: '***', order: 'PO-7' },
    },
    error: { name: 'HttpClientError', message: expect.stringContaining('bad key ***') },
  });
  expect(await viewsOf(run)).not.toContain(KEY);
});

test('a document may say secret in its input schema, true or false and nothing else', async () => {
  const definition = {
    format: 1,
    name: 'marked',
    input: { properties: { a: { secret: 'yes' } } },
    steps: [{ id: 'a', set: {} }],
  };
  const { status, body } = await at.api.call('POST', '/v1/workflows', { project_id: 'examples', definition });
  expect(status).toBe(422);
  expect(JSON.stringify(body)).toMatch(/secret/);
});
