import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { lastingPorts } from './lasting-ports.ts';
import { MillrunProcess } from './millrun-process.ts';
import { temporaryFolder } from './temporary-folder.ts';

const HARNESS = join(import.meta.dirname, 'millrun-process.ts');

function dataDirOf(): string {
  const folder = temporaryFolder();
  onTestFinished(() => folder.remove());
  return folder.path;
}

function start(dataDir: string, environment = {}): MillrunProcess {
  const millrun = new MillrunProcess({ dataDir, environment: { EXAMPLES: 'off', ...environment } });
  onTestFinished(async () => void (await millrun.kill()));
  return millrun;
}

const databaseOf = (dataDir: string) => Number(readFileSync(join(dataDir, 'dynamodb.pid'), 'utf8'));
const isGone = (pid: number) => expect(() => process.kill(pid, 0)).toThrow('ESRCH');
const addressesOf = ({ api, cloud, smtp }: Awaited<MillrunProcess['ready']>) => ({ api, cloud, smtp });

test('a process that is ready says where the API, the AWS services and the mail server answer', async () => {
  const { api, cloud, smtp } = await start(dataDirOf()).ready;
  expect((await fetch(`${api}/v2/health`)).status).toBe(200);
  expect((await fetch(`${cloud}/_sample/`)).status).toBeLessThan(500);
  const socket = connect(Number(new URL(smtp).port), new URL(smtp).hostname);
  const [greeting] = await once(socket, 'data');
  expect(String(greeting)).toMatch(/^220 /);
  socket.destroy();
});

test('a killed process takes its database with it, and the next one is up at once on the same ports', async () => {
  const dataDir = dataDirOf();
  const ports = await lastingPorts();
  const first = start(dataDir, ports);
  const addresses = addressesOf(await first.ready);
  const database = databaseOf(dataDir);
  expect(await first.kill()).toEqual({ code: null, signal: 'SIGKILL' });
  expect(addressesOf(await start(dataDir, ports).ready)).toEqual(addresses);
  isGone(first.pid);
  isGone(database);
});

test('a process that cannot start is reported with its exit code and what it wrote last', async () => {
  const refused = start(dataDirOf(), { PORT: 'many' });
  await expect(refused.ready).rejects.toThrow(
    /ended with 1 before it said[\s\S]*It wrote last:\nmillrun cannot start: PORT must be/,
  );
});

test('what waits for words of a process that has ended is told so', async () => {
  const refused = start(dataDirOf(), { PORT: 'many' });
  await refused.ended;
  await expect(refused.said(/PORT must be a port number/)).resolves.toBeDefined();
  await expect(refused.said(/never said/)).rejects.toThrow('before it said /never said/');
});

test('a process does not outlive whoever started it, even one that is killed', async () => {
  const script = `const { MillrunProcess } = await import(process.argv[1]);
    const millrun = new MillrunProcess({ dataDir: process.argv[2], environment: { EXAMPLES: 'off' } });
    console.log((await millrun.ready).api);`;
  const dataDir = dataDirOf();
  const owner = spawn(process.execPath, ['--input-type=module', '--eval', script, HARNESS, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(owner.stdout, 'data');
  const health = `${String(line).trim()}/v2/health`;
  expect((await fetch(health)).status).toBe(200);
  const database = databaseOf(dataDir);
  owner.kill('SIGKILL');
  await vi.waitFor(async () => {
    await expect(fetch(health)).rejects.toThrow('fetch failed');
    isGone(database);
  });
});
