import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { StepError } from '../../../shared/kernel/step-error.ts';
import type { StepFiles } from '../../../shared/step/kind.ts';
import { aCaller, aServer, failureOf } from './server.ts';

const call = aCaller();
const FILE = 'a,b\r\n'.repeat(50_000);

/** One file, how often it was opened, and how often its bytes were let go. */
function aProject({ breaksAt = Number.POSITIVE_INFINITY } = {}) {
  const seen = { opened: 0, closed: 0 };
  const bytes = async function* () {
    try {
      for (let at = 0; at < FILE.length; at += 10_000) {
        if (at >= breaksAt) throw new StepError('FileUnavailable', 'File "f" could not be read to its end: gone');
        yield Buffer.from(FILE.slice(at, at + 10_000));
      }
    } finally {
      seen.closed += 1;
    }
  };
  const open = async () => {
    seen.opened += 1;
    return bytes();
  };
  const files: StepFiles = {
    read: async () => ({ name: 'orders.csv', type: 'text/csv', size: FILE.length, open }),
    save: () => Promise.reject(new Error('not here')),
  };
  return { files, seen };
}

test('a file goes out with its type and its length, and is let go', async () => {
  const { url } = await aServer(async (request, response) => {
    const sent = await text(request);
    response.setHeader('content-type', 'application/json').end(JSON.stringify([sent === FILE, request.headers]));
  });
  const { files, seen } = aProject();
  const { body } = await call({ method: 'POST', url, file: 'f' }, { files });
  expect(body).toMatchObject([true, { 'content-type': 'text/csv', 'content-length': String(FILE.length) }]);
  expect(body).not.toMatchObject([true, { 'transfer-encoding': expect.anything() }]);
  expect(seen).toEqual({ opened: 1, closed: 1 });
});

test('a redirect that asks for the body again gets it from its start', async () => {
  const { url } = await aServer(async (request, response) => {
    const sent = await text(request);
    if (request.url === '/') response.writeHead(307, { location: '/there' }).end();
    else response.end(String(sent === FILE));
  });
  const { files, seen } = aProject();
  expect((await call({ method: 'PUT', url: `${url}/`, file: 'f' }, { files })).body).toBe('true');
  expect(seen.opened).toBe(2);
});

test('a file that breaks off fails the step for what it is, and the server sees no whole request', async () => {
  let whole = 0;
  const { url } = await aServer(async (request, response) => {
    await text(request).catch(() => '');
    if (request.complete) whole += 1;
    response.end();
  });
  const { files, seen } = aProject({ breaksAt: 100_000 });
  for (const spec of [{ file: 'f' }, { multipart: { one: { file: 'f' } } }]) {
    expect(await failureOf(call({ method: 'POST', url, ...spec }, { files }))).toMatchObject({ name: 'FileUnavailable' });
  }
  expect(whole).toBe(0);
  expect(seen).toEqual({ opened: 2, closed: 2 });
});

test('a server that answers before it has read all is heard, and the file is let go', async () => {
  const { url } = await aServer((request, response) => {
    response.writeHead(413, { connection: 'close' }).end('too large');
    request.resume();
  });
  const { files, seen } = aProject();
  expect(await failureOf(call({ method: 'POST', url, file: 'f' }, { files }))).toMatchObject({ data: { status: 413 } });
  await expect.poll(() => seen.closed).toBe(1);
});

test('a step that runs out of time lets go of the file', async () => {
  const { url } = await aServer(() => {});
  const { files, seen } = aProject();
  const failure = await failureOf(call({ method: 'POST', url, file: 'f' }, { files, signal: AbortSignal.timeout(200) }));
  expect(failure.name).toBe('Timeout');
  await expect.poll(() => seen.closed).toBe(1);
});
