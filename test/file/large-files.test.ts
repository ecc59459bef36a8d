import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { hangUp, listen } from '../../local/listen.ts';
import { MillrunProcess } from '../harness/millrun-process.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { Client } from '../run/client.ts';

const MIB = 1024 * 1024;
const FILE_MIB = 100;
/** What a file of 100 MiB adds to the memory of worker and bucket together: some 90. When it was held whole it was 630. */
const MOST_MIB = 200;

const mibOf = (pid: number) => Number(execFileSync('ps', ['-o', 'rss=', '-p', `${pid}`])) / 1024;

function* content(mib: number): Generator<Buffer> {
  for (let at = 0; at < mib; at++) yield Buffer.alloc(MIB, at);
}

const hashOf = (chunks: Iterable<Buffer>) => {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
};

async function received(request: IncomingMessage): Promise<{ bytes: number; sha256: string; length: string | undefined }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of request) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex'), length: request.headers['content-length'] };
}

/** Gives files of `?mib=` away, and says what it was sent. */
async function aStore() {
  const server = createServer(async (request, response) => {
    const mib = Number(new URL(request.url ?? '', 'http://any').searchParams.get('mib'));
    if (request.method === 'GET') Readable.from(content(mib), { objectMode: false }).pipe(response);
    else response.setHeader('content-type', 'application/json').end(JSON.stringify(await received(request)));
  });
  onTestFinished(() => hangUp(server));
  return `http://127.0.0.1:${await listen(server, 0, 'any')}/archive.zip`;
}

async function aCloud() {
  const folder = temporaryFolder();
  const cloud = new MillrunProcess({ dataDir: folder.path, environment: { EXAMPLES: 'off' } });
  onTestFinished(async () => {
    await cloud.end();
    folder.remove();
  });
  const { api } = await cloud.ready;
  return { pid: cloud.pid, api: new Client(api) };
}

const passesOn = (url: string) => ({
  steps: [
    { id: 'fetch', timeout: '5m', http: { method: 'GET', url: `${url}?mib=\${ $input.mib }`, save: true } },
    { id: 'send', timeout: '5m', http: { method: 'PUT', url, file: '${ $steps.fetch.body.id }' } },
    {
      id: 'form',
      timeout: '5m',
      http: { method: 'POST', url, multipart: { kind: 'archive', one: { file: '${ $steps.fetch.body.id }' } } },
    },
  ],
  output: { file: '${ $steps.fetch.body }', sent: '${ $steps.send.body }', form: '${ $steps.form.body }' },
});

test('a file of 100 MiB is fetched, kept, sent and sent in a form without being held', { timeout: 180_000 }, async () => {
  const { api, pid } = await aCloud();
  const workflow = await api.publish(passesOn(await aStore()));
  // What is loaded and compiled once is not counted.
  await api.ended((await api.start(workflow, { mib: 1 })).id);
  const before = mibOf(pid);
  let peak = before;
  const run = await api.start(workflow, { mib: FILE_MIB });
  let isOver = false;
  const ended = api.ended(run.id).finally(() => {
    isOver = true;
  });
  while (!isOver) {
    peak = Math.max(peak, mibOf(pid));
    await sleep(50);
  }
  const sha256 = hashOf(content(FILE_MIB));
  const bytes = FILE_MIB * MIB;
  const { status, outputs } = await ended;
  expect({ status, outputs }).toMatchObject({
    status: 'succeeded',
    outputs: { file: { size: bytes, sha256, name: 'archive.zip' }, sent: { bytes, sha256, length: `${bytes}` } },
  });
  const form = (outputs as { form: { bytes: number; length: string } }).form;
  expect(form.length).toBe(`${form.bytes}`);
  expect(form.bytes).toBeGreaterThan(bytes);
  expect(peak - before).toBeLessThan(MOST_MIB);
});

test('more than 100 MiB are refused where they end, and no file is left', { timeout: 120_000 }, async () => {
  const { api } = await aCloud();
  const workflow = await api.publish(passesOn(await aStore()));
  const { error } = await api.ended((await api.start(workflow, { mib: FILE_MIB + 1 })).id);
  expect(error).toMatchObject({ name: 'OutputTooLarge', message: expect.stringContaining('more than 100 MiB') });
  expect(await api.expect(200, 'GET', '/v1/files')).toMatchObject({ items: [] });
});
