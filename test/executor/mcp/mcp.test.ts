import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../../local/free-port.ts';
import { type Api, startApi, uniqueName } from '../../edge/api.ts';
import { aServer } from '../http/server.ts';

let api: Api;
let server: ReturnType<typeof spawn>;
let url: string;
let everything: string;
beforeAll(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}/mcp`;
  const entry = createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/dist/index.js');
  server = spawn(process.execPath, [entry, 'streamableHttp'], {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await Promise.race([once(server.stderr ?? server, 'data'), once(server.stdout ?? server, 'data')]);
  api = await startApi();
  everything = await connect({ url });
  for (let up = false; !up; )
    up = await fetch(url).then(
      () => true,
      () => sleep(50, false),
    );
});
afterAll(async () => {
  await api.close();
  server.kill('SIGKILL');
});

async function connect(settings: object, secret: object = {}): Promise<string> {
  const made = await api.post('/v1/connections', { project_id: 'examples', name: uniqueName(), type: 'mcp', settings, secret });
  expect(made.status, made.text).toBe(201);
  return made.body.name;
}

async function started(tool: string, given?: object, { connection = everything, more = {} } = {}) {
  const spec = { connection, tool, ...(given && { arguments: given }) };
  const definition = {
    format: 1,
    name: uniqueName(),
    connections: [connection],
    steps: [{ id: 'use', mcp: spec, ...more }],
    output: { result: '${ $steps.use }' },
  };
  const made = await api.post('/v1/workflows', { project_id: 'examples', definition });
  expect((await api.post(`/v1/workflows/${made.body.id}/publish`, {})).status).toBe(201);
  return (await api.post(`/v1/workflows/${made.body.id}/command`, { command: 'start' })).body as {
    id: string;
    workflow_id: string;
  };
}

async function used(...asked: Parameters<typeof started>) {
  const { id } = await started(...asked);
  return (await api.get(`/v1/runs/${id}?wait=20`)).body;
}

describe('a tool of a real server', () => {
  test('gives its contents', async () => {
    const run = await used('echo', { message: 'hello there' });
    expect(run.outputs, JSON.stringify(run.error)).toMatchObject({
      result: [{ type: 'text', text: expect.stringContaining('hello there') }],
    });
  });

  test('gives structured content', async () => {
    const run = await used('get-structured-content', { location: 'New York' });
    expect(run.outputs, JSON.stringify(run.error)).toMatchObject({ result: { temperature: expect.any(Number) } });
  });

  test('gives images as files of the project', async () => {
    const run = await used('get-tiny-image');
    const image = run.outputs?.result.find(({ type }: { type: string }) => type === 'image');
    expect(image, JSON.stringify(run.error)).toMatchObject({
      file: { id: expect.any(String), type: 'image/png', size: expect.any(Number) },
    });
    expect(JSON.stringify(run)).not.toContain('base64');
    expect((await api.get(`/v1/files/${image.file.id}`)).status).toBe(200);
  });

  test('that is slow is given up when the run is stopped', async () => {
    const { id, workflow_id: workflow } = await started('trigger-long-running-operation', { duration: 60, steps: 60 });
    await expect
      .poll(async () => (await api.get(`/v1/runs/${id}/events?limit=100`)).text, { timeout: 10_000 })
      .toContain('step_started');
    const at = Date.now();
    await api.post(`/v1/workflows/${workflow}/command`, { command: 'stop', run_id: id, params: { mode: 'immediate' } });
    expect((await api.get(`/v1/runs/${id}?wait=10`)).body.status).toBe('stopped');
    expect(Date.now() - at).toBeLessThan(5_000);
  });

  test('that takes longer than the step may fails as Timeout', async () => {
    const run = await used('trigger-long-running-operation', { duration: 60, steps: 60 }, { more: { timeout: '1s' } });
    expect(run.error).toMatchObject({ name: 'Timeout' });
  });
});

describe('what is not called', () => {
  test('a tool that is not there: the nearest is named', async () => {
    expect((await used('ecko', { message: 'x' })).error).toMatchObject({
      name: 'InputInvalid',
      message: expect.stringContaining('Did you mean "echo"'),
    });
  });

  test('a tool with arguments that its schema does not allow', async () => {
    expect((await used('echo', { massage: 'x' })).error).toMatchObject({
      name: 'InputInvalid',
      message: expect.stringContaining('message'),
    });
  });

  test('a server that is not there, or refuses, or is none', async () => {
    expect((await used('echo', {}, { connection: await connect({ url: 'http://127.0.0.1:9/mcp' }) })).error.name).toBe(
      'ConnectionFailed',
    );
    const refusing = await aServer((_, response) => response.writeHead(401).end());
    const refused = await connect({ url: `${refusing.url}/mcp` }, { token: 'tok-SECRET' });
    const run = await used('echo', {}, { connection: refused });
    expect(run.error, JSON.stringify(run.error)).toMatchObject({ name: 'CredentialRejected' });
    const silly = await aServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>hi</h1>'));
    expect((await used('echo', {}, { connection: await connect({ url: silly.url }) })).error.name).toBe('HttpServerError');
  });
});

test('a server that says more than is read, or what is no answer to the call, fails the step by name', async () => {
  const saying = async (body: string, type = 'application/json') => {
    const server = await aServer((_, response) => response.writeHead(200, { 'content-type': type }).end(body));
    return (await used('echo', {}, { connection: await connect({ url: server.url }), more: { timeout: '2s' } })).error;
  };
  expect(await saying(`{"jsonrpc":"2.0","id":0,"result":"${'x'.repeat(21 * 1024 * 1024)}"}`)).toMatchObject({
    name: 'OutputTooLarge',
  });
  for (const body of [
    '',
    '{',
    '[]',
    '{"jsonrpc":"2.0","id":0,"result":{}}',
    '{"jsonrpc":"2.0","id":0,"error":{"code":-32000,"message":"no"}}',
  ]) {
    const error = await saying(body);
    expect(['HttpServerError', 'McpToolFailed', 'Timeout'], `${body} ${JSON.stringify(error)}`).toContain(error.name);
    expect(error.message.length).toBeLessThan(1_000);
  }
});

test('the token of the connection is sent, and read by nobody', async () => {
  const seen: unknown[] = [];
  const proxy = await aServer(async (request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(500, { 'content-type': 'text/plain' }).end(`you sent ${request.headers.authorization}`);
  });
  const run = await used('echo', {}, { connection: await connect({ url: proxy.url }, { token: 'tok-SECRET' }) });
  expect(seen[0]).toBe('Bearer tok-SECRET');
  expect(run.error.name).toBe('HttpServerError');
  expect(JSON.stringify(run)).not.toContain('SECRET');
});
