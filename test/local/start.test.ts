import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { startDynoxide } from '../../local/dynamodb/child.ts';
import { lastingPorts } from '../harness/lasting-ports.ts';
import { API_KEY, MillrunProcess } from '../harness/millrun-process.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';

const folders: { remove(): void }[] = [];
const processes: MillrunProcess[] = [];
afterEach(async () => {
  await Promise.all(processes.splice(0).map((one) => one.kill()));
  for (const folder of folders.splice(0)) folder.remove();
});

function folder(): string {
  const made = temporaryFolder();
  folders.push(made);
  return made.path;
}

type Options = Omit<ConstructorParameters<typeof MillrunProcess>[0], 'dataDir'>;

function start(dataDir: string, options: Options = {}): MillrunProcess {
  const cloud = new MillrunProcess({ dataDir, ...options });
  processes.push(cloud);
  return cloud;
}

async function started(dataDir: string, options?: Options): Promise<MillrunProcess> {
  const cloud = start(dataDir, options);
  await cloud.ready;
  return cloud;
}

const api = async (cloud: MillrunProcess, path: string, method = 'GET', body?: object) => {
  const { api: url } = await cloud.ready;
  const headers = { 'x-api-key': API_KEY, 'content-type': 'application/json' };
  const response = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  return JSON.parse(await response.text());
};

test('it comes up, publishes the examples, runs one and stays up', async () => {
  const dataDir = folder();
  const cloud = await started(dataDir);
  await cloud.said(/run \w+ succeeded/);
  expect(cloud.output).toMatch(/step_retrying +reserve/);
  expect(cloud.output).toMatch(/stock\[0\]\/check +Completed/);
  expect(cloud.output).toMatch(/^millrun ready http:\S+ cloud http:\S+\nmail comes in at smtp:\S+$/m);
  expect(cloud.output).not.toContain('WARN');
  const { items } = await api(cloud, '/v1/workflows?project_id=examples');
  expect(items.map(({ name }: { name: string }) => name).sort()).toEqual([
    'hello',
    'invoice-intake',
    'nightly-report',
    'order-intake',
    'support-triage',
  ]);
  expect(await cloud.end()).toEqual({ code: 0, signal: null });

  const again = await started(dataDir);
  expect(await api(again, '/v1/workflows?project_id=examples')).toMatchObject({ items, continuation_token: null });
});

test.each(['SIGINT', 'SIGTERM'] as const)(
  '%s ends it within two seconds, its child too, in the middle of a run',
  async (signal) => {
    const dataDir = folder();
    const cloud = await started(dataDir);
    await cloud.said(/step_retrying/);
    const child = Number(readFileSync(join(dataDir, 'dynamodb.pid'), 'utf8'));
    const outcome = await Promise.race([
      cloud.end(signal),
      new Promise((resolve) => setTimeout(() => resolve('too late'), 2000)),
    ]);
    expect(outcome).toEqual({ code: 0, signal: null });
    expect(() => process.kill(child, 0)).toThrow('ESRCH');
  },
);

test('a run that is cut off by a crash is carried on by the next process, and no finished step is executed again', async () => {
  const dataDir = folder();
  // The run keeps the address of the sample services, so they must come back where they were.
  const environment = await lastingPorts();
  const crashed = await started(dataDir, { environment });
  const [, run] = await crashed.said(/run (\w+) of order-intake[\s\S]*step_retrying/);
  await crashed.kill();

  const next = await started(dataDir, { environment });
  const ended = await vi.waitFor(
    async () => {
      const now = await api(next, `/v1/runs/${run}`);
      expect(now.ended_at).not.toBeNull();
      return now;
    },
    { timeout: 15_000, interval: 50 },
  );
  expect(ended).toMatchObject({ status: 'succeeded', outputs: { vendor: 'Acme Supplies' } });
  const { items } = await api(next, `/v1/runs/${run}/events?limit=1000`);
  const ends = items.filter(
    ({ type, step }: { type: string; step: string | null }) => type === 'step_completed' && step === 'vendor',
  );
  expect(ends).toHaveLength(1);
});

test('examples find the sample services after they have moved, but for one that somebody has changed', async () => {
  const dataDir = folder();
  const first = await started(dataDir);
  await first.said(/run \w+ succeeded/);
  const { items } = await api(first, '/v1/workflows?project_id=examples');
  const idOf = (name: string): string => items.find((one: { name: string }) => one.name === name).id;
  const { draft } = await api(first, `/v1/workflows/${idOf('nightly-report')}`);
  const changed = draft.source.replace('title: Nightly report', 'title: Mine');
  await api(first, `/v1/workflows/${idOf('nightly-report')}/draft`, 'PUT', { definition: changed });
  await first.end();

  const next = await started(dataDir);
  const { cloud } = await next.ready;
  // The last that names them, in the order of their names.
  const isMoved = async () => expect((await api(next, `/v1/workflows/${idOf('order-intake')}`)).published_version).toBe(2);
  await vi.waitFor(isMoved, { timeout: 15_000, interval: 50 });
  const { items: connections } = await api(next, '/v1/connections?project_id=examples');
  expect(
    JSON.stringify(connections.map(({ settings }: { settings: object }) => settings)).split(`${cloud}/_sample`),
  ).toHaveLength(3);
  const hello = await api(next, `/v1/workflows/${idOf('hello')}`);
  expect(hello).toMatchObject({ published_version: 2, draft: { source: expect.stringContaining(`${cloud}/_sample`) } });
  expect((await api(next, `/v1/workflows/${idOf('nightly-report')}`)).draft.source).toBe(changed);
});

test('--once runs the example every time and ends with what came of it', { timeout: 60_000 }, async () => {
  const dataDir = folder();
  for (const _ of [1, 2]) {
    const once = start(dataDir, { args: ['--once'] });
    expect(await once.ended).toEqual({ code: 0, signal: null });
    expect(once.output).toMatch(/run \w+ succeeded/);
  }
});

test('it goes on when whoever read its output has gone, and says nothing about it', async () => {
  const cloud = await started(folder(), { args: ['--once'] });
  cloud.stopReading();
  expect(await cloud.ended).toEqual({ code: 0, signal: null });
  expect(cloud.output).not.toContain('EPIPE');
});

test('--help explains every variable and starts nothing', async () => {
  const help = start(folder(), { args: ['--help'] });
  expect(await help.ended).toEqual({ code: 0, signal: null });
  for (const name of ['PORT', 'AWS_PORT', 'SMTP_PORT', 'DATA_DIR', 'LOCAL_API_KEY', 'DYNAMODB_ENDPOINT', 'EXAMPLES'])
    expect(help.output).toContain(name);
  const odd = start(folder(), { args: ['--never'] });
  expect((await odd.ended).code).toBe(2);
});

test.each(['PORT', 'AWS_PORT'])('a port that is taken is named, together with %s', async (variable) => {
  const holder = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => holder.once('listening', resolve));
  const address = holder.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const refused = start(folder(), { environment: { [variable]: String(port) } });
  expect((await refused.ended).code).toBe(1);
  expect(refused.output).toContain(`Port ${port} is in use. Set ${variable}`);
  holder.close();
});

test('before it is ready it says so, in the form of every refusal', async () => {
  const environment = { EXAMPLES: 'off', ...(await lastingPorts()) };
  const cloud = start(folder(), { environment });
  const early = await vi.waitFor(() => fetch(`http://127.0.0.1:${environment.PORT}/v1/workflows`), {
    timeout: 15_000,
    interval: 5,
  });
  expect([early.status, early.headers.get('retry-after'), await early.json()]).toEqual([
    503,
    '1',
    { status_code: 503, message: 'Millrun is starting. Try again in a second.', details: null },
  ]);
  await cloud.ready;
});

test('a data folder that is in use is left alone', async () => {
  const dataDir = folder();
  const first = await started(dataDir, { environment: { EXAMPLES: 'off' } });
  const second = start(dataDir);
  expect((await second.ended).code).toBe(1);
  expect(second.output).toContain(`in use by process ${first.pid}`);
  await expect(fetch(`${(await first.ready).api}/v2/health`)).resolves.toMatchObject({ status: 200 });
});

test('a data folder that cannot be made or written to is named', async () => {
  const dataDir = join(folder(), 'file');
  writeFileSync(dataDir, 'not a folder');
  chmodSync(dataDir, 0o444);
  const refused = start(dataDir);
  expect((await refused.ended).code).toBe(1);
  expect(refused.output).toMatch(/The data folder .*file cannot be written to .*DATA_DIR/);
});

test.each([
  [{ PORT: 'many' }, /PORT must be a port number/],
  [{ LOCAL_API_KEY: 'short' }, /LOCAL_API_KEY must have at least 8 characters/],
  [{ DYNAMODB_ENDPOINT: 'nowhere' }, /DYNAMODB_ENDPOINT/],
])('%j is refused with what is wrong', async (environment, message) => {
  const refused = start(folder(), { environment });
  expect((await refused.ended).code).toBe(1);
  expect(refused.output).toMatch(message);
});

test('another emulator serves as well, and is left running', async () => {
  const emulator = await startDynoxide(folder());
  const dataDir = folder();
  const cloud = await started(dataDir, { environment: { DYNAMODB_ENDPOINT: emulator.endpoint } });
  await cloud.said(/run \w+ succeeded/);
  expect(existsSync(join(dataDir, 'dynamodb.sqlite'))).toBe(false);
  expect(await cloud.end()).toEqual({ code: 0, signal: null });
  await expect(fetch(emulator.endpoint, { method: 'POST' })).resolves.toBeDefined();
  await emulator.close();
});
