import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, startApi } from '../edge/api.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';

const TARGET = 'secretsmanager.GetSecretValue';

const folder = temporaryFolder();
let api: Api;
let call: string;
let ask: string;
/** Redirects to where the query says, by a status that keeps the method. */
const redirector = createServer((request, response) => {
  response.writeHead(307, { location: new URL(request.url ?? '', 'http://x').searchParams.get('to') ?? '' }).end();
});

beforeAll(async () => {
  await new Promise<void>((resolve) => redirector.listen(0, '127.0.0.1', resolve));
  api = await startApi(undefined, folder.path);
  call = await api.publish(stepWith('body: { TableName: x }'));
  // No body goes to another origin.
  ask = await api.publish(stepWith(''));
});
afterAll(async () => {
  redirector.close();
  await api.close();
  folder.remove();
});

const stepWith = (body: string) =>
  `  - id: call\n    http: { method: POST, url: '\${ $input.url }', headers: { x-amz-target: '${TARGET}' }, ${body} }\n    timeout: 5s\n`;
const awsPort = () => new URL(api.cloud.cloudUrl).port;
const redirectedTo = (url: string) =>
  `http://127.0.0.1:${(redirector.address() as AddressInfo).port}/?to=${encodeURIComponent(url)}`;

/** The port of the process behind the AWS port, as its command says. */
function emulatorPort(): string {
  const pid = readFileSync(join(folder.path, 'dynamodb.pid'), 'utf8').trim();
  return /\0-p\0(\d+)\0/.exec(readFileSync(`/proc/${pid}/cmdline`, 'utf8'))?.[1] ?? '';
}

async function ended(url: string) {
  const { body } = await api.start(url.includes('?to=') ? ask : call, { url });
  await api.ended(body.id);
  const { body: context } = await api.get(`/v1/runs/${body.id}/context?step=call`);
  return context.steps[0];
}

test.each([
  ['the AWS services', () => `http://127.0.0.1:${awsPort()}/`],
  ['an object', () => `http://127.0.0.1:${awsPort()}/bucket/key`],
  ['them by name', () => `http://localhost:${awsPort()}/`],
  ['them by another number', () => `http://0.0.0.0:${awsPort()}/`],
  ['them by a mapped number', () => `http://[::ffff:127.0.0.1]:${awsPort()}/`],
  ['them by a path that climbs', () => `http://127.0.0.1:${awsPort()}/_sample/%2e%2e/`],
  ['them by a redirect', () => redirectedTo(`http://127.0.0.1:${awsPort()}/`)],
  ['them by a redirect to a name', () => redirectedTo(`http://localhost:${awsPort()}/`)],
  ['them by a redirect of the samples', () => redirectedTo(`http://127.0.0.1:${awsPort()}/_sample/../`)],
  ['the emulator behind them', () => `http://127.0.0.1:${emulatorPort()}/`],
  ['the emulator by name', () => `http://localhost:${emulatorPort()}/`],
])('a step does not reach %s', async (_, url) => {
  expect((await ended(url())).error).toMatchObject({ name: 'ConnectionFailed', data: { code: 'ADDRESS_REFUSED' } });
});

test.each([
  ['straight', () => `http://127.0.0.1:${awsPort()}/_sample/messages`],
  ['by name', () => `http://localhost:${awsPort()}/_sample/messages`],
  ['by a redirect', () => redirectedTo(`http://localhost:${awsPort()}/_sample/messages`)],
])('a step reaches the sample services %s, whatever its headers ask for', async (_, url) => {
  expect((await ended(url())).output).toMatchObject({ status: 202 });
});
