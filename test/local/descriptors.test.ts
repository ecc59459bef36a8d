import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { openFilesLimit, sharedOut } from '../../local/descriptors.ts';
import { API_KEY } from '../harness/millrun-process.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';

const START = join(import.meta.dirname, '../../local/start.ts');
const CALLERS = 60;
/** Four calls at once of a service that is in the same process. */
const STEPS = [
  {
    id: 'all',
    forEach: {
      in: '${ [1, 2, 3, 4] }',
      as: 'n',
      concurrency: 4,
      steps: [{ id: 'greet', http: { method: 'GET', url: '${ $input.services }/greeting' } }],
    },
  },
];

const folder = temporaryFolder();
let child: ChildProcess | undefined;
afterEach(async () => {
  if (child?.exitCode === null) {
    child.kill('SIGKILL');
    await new Promise((resolve) => child?.once('exit', resolve));
  }
  folder.remove();
});

test.each([256, 1024, 20_000])('of %i descriptors, connections take no more than there are, and every part has some', (limit) => {
  const { api, mail, httpSteps } = sharedOut(limit);
  // A call of the sample services has both its ends here.
  expect(api + mail + httpSteps * 2).toBeLessThan(limit - 100);
  expect(Math.min(api, mail, httpSteps)).toBeGreaterThanOrEqual(12);
});

test('the limit is that of the process', () => {
  expect(openFilesLimit()).toBeGreaterThan(64);
});

/** `npm start` with 256 descriptors; answers where the API and the sample services are. */
function startNarrow(): Promise<{ url: string; services: string }> {
  const environment = { PORT: '0', AWS_PORT: '0', SMTP_PORT: '0', DATA_DIR: folder.path, LOCAL_API_KEY: API_KEY };
  const started = spawn('/bin/sh', ['-c', 'ulimit -n 256; exec "$0" "$1"', process.execPath, START], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child = started;
  let text = '';
  return new Promise((resolve) => {
    started.stdout.on('data', (chunk: Buffer) => {
      text += chunk;
      const [, url = '', cloud = ''] = /millrun ready (\S+) cloud (\S+)\n/.exec(text) ?? [];
      if (url) resolve({ url, services: `${cloud}/_sample` });
    });
  });
}

test(`with 256 descriptors, ${CALLERS} callers at once all get their run, and every run ends well`, {
  timeout: 60_000,
}, async () => {
  const { url, services } = await startNarrow();
  const ask = async (method: string, path: string, body?: object) => {
    // Idle connections are closed when there are many: one that is kept might be closed while a request is on its way.
    const headers = { 'x-api-key': API_KEY, 'content-type': 'application/json', connection: 'close' };
    const response = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    return { status: response.status, body: JSON.parse(await response.text()) };
  };
  const definition = JSON.stringify({ format: 1, name: 'wide', steps: STEPS });
  const { id } = (await ask('POST', '/v1/workflows', { project_id: 'examples', definition })).body;
  await ask('POST', `/v1/workflows/${id}/publish`, {});
  const start = { command: 'start', params: { inputs: { services } } };
  const starts = await Promise.all(Array.from({ length: CALLERS }, () => ask('POST', `/v1/workflows/${id}/command`, start)));
  expect(starts.map(({ status }) => status)).toEqual(Array(CALLERS).fill(201));

  const succeeded = async () => {
    const { body } = await ask('GET', `/v1/runs?workflow_id=${id}&status=succeeded&limit=100`);
    expect(body.items).toHaveLength(CALLERS);
  };
  await vi.waitFor(succeeded, { timeout: 45_000, interval: 250 });
});
