import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { routes } from '../../shared/api/routes.ts';
import type { Operation } from '../../shared/edge/route.ts';
import { RUN_STATUSES_V1 } from '../../shared/run/model/status.ts';
import { MillrunProcess } from '../harness/millrun-process.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { blocksOf } from './blocks.ts';

const text = readFileSync(join(import.meta.dirname, '../../docs/api.md'), 'utf8');
const commands = blocksOf('docs/api.md', 'sh').join('\n');

const folder = temporaryFolder();
let cloud: MillrunProcess;
let api: string;
let said: string;

beforeAll(async () => {
  cloud = new MillrunProcess({ dataDir: folder.path });
  ({ api } = await cloud.ready);
  await cloud.said(/^run \S+ succeeded/m);
  // Each answer of curl that is not put into a variable is shown with its status.
  const script = commands.replace('http://127.0.0.1:4000', api).replaceAll(/^curl -s /gm, "curl -s -w ' [%{http_code}]\\n' ");
  const { stdout } = await promisify(execFile)('bash', ['--norc', '-euo', 'pipefail', '-c', script]);
  said = stdout;
});
afterAll(async () => {
  await cloud?.end();
  folder.remove();
});

describe('every command of docs/api.md', () => {
  test('is answered with success', () => {
    const statuses = [...said.matchAll(/ \[(\d{3})\]$/gm)].map(([, status]) => Number(status));
    expect(statuses).toHaveLength(commands.match(/^curl -s (?!-i)/gm)?.length ?? 0);
    expect(statuses.filter((status) => status < 200 || status > 299)).toEqual([]);
  });

  test('shows what the page says', () => {
    expect(said).toMatch(/"version":1,"warnings":\[\]/);
    expect(said).toMatch(/idempotent-replay: true/i);
    expect(said).toContain('"reference":"Ada"');
    expect(said).toContain('"reason":"nobody is there"');
    expect(said).toContain('"type":"run_succeeded"');
    expect(said).toContain('"output":{"text":"Hello Ada"}');
    expect(said).toContain('"outputs":');
  });
});

test('the error it shows is the one that is answered', async () => {
  const [example = ''] = blocksOf('docs/api.md', 'json');
  const workflow = /"workflow_id":"(\w+)"/.exec(said)?.[1];
  const answered = await fetch(`${api}/v1/workflows/${workflow}/command`, {
    method: 'POST',
    headers: { 'x-api-key': 'local-dev-key', 'content-type': 'application/json' },
    body: '{"command": "start", "params": {"colour": "red"}}',
  });
  expect(await answered.json()).toEqual(JSON.parse(example));
});

test('its table has every route with its role', () => {
  const rows = [...text.matchAll(/^\| `([A-Z]+ \/\S+)` \| .+ \| (\w+) \|$/gm)].map(([, route, role]) => `${route} ${role}`);
  const table = routes.map(({ method, path, open, role = 'viewer' }: Operation) => `${method} ${path} ${open ? 'open' : role}`);
  expect(rows.toSorted()).toEqual(table.toSorted());
});

test('it has a word for every state of a run', () => {
  for (const status of RUN_STATUSES_V1) expect(text).toContain(`\`${status}\``);
});
