import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkDocument } from '../../shared/workflow/check.ts';
import { MillrunProcess } from '../harness/millrun-process.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { blocksOf } from './blocks.ts';

const root = join(import.meta.dirname, '../..');
const shell = (script: string) => promisify(execFile)('bash', ['--norc', '-euo', 'pipefail', '-c', script], { cwd: root });
const [start = '', curl = '', deploy = '', work = ''] = blocksOf('README.md', 'sh');

const folder = temporaryFolder();
let cloud: MillrunProcess;
let where: Awaited<MillrunProcess['ready']>;
beforeAll(async () => {
  cloud = new MillrunProcess({ dataDir: folder.path });
  where = await cloud.ready;
  await cloud.said(/^run \S+ succeeded/m);
});
afterAll(async () => {
  await cloud?.end();
  folder.remove();
});

test('the two commands are the ones that the gate and the demonstration run', async () => {
  expect(start.trim().split('\n')).toEqual(['npm ci', 'npm start -- --once']);
  expect(readFileSync(join(root, '.ci/run'), 'utf8')).toContain('npm ci');
  expect(cloud.output).toMatch(/published examples\/hello.yaml[\s\S]*step_retrying[\s\S]*run_succeeded/);
});

describe('a run by curl', () => {
  test('shows a run and its log', async () => {
    const { stdout } = await shell(
      `${curl.replaceAll('http://127.0.0.1:4000', where.api).replace('"name":"Ada"', `"name":"Ada","services":"${where.cloud}/_sample"`)}\nsleep 0.7; curl -s "$API/v1/runs/$RUN" -H "$KEY"`,
    );
    expect(stdout).toContain('"workflow_name":"hello"');
    expect(stdout).toContain('"type":"run_created"');
    expect(stdout).toContain('"status":"succeeded"');
  });

  test('is five lines', () => {
    expect(curl.trim().split('\n')).toHaveLength(5);
  });
});

// There is no account to deploy to: what can be shown is that the stack is there to be deployed, and that the last line asks for what is served.
test('what the deployment deploys can be made, and the health it asks for is served', { timeout: 180_000 }, async () => {
  expect(deploy.trim().split('\n')).toHaveLength(5);
  await shell('npm run --silent synth');
  expect(readFileSync(join(root, 'cdk.out/Millrun.template.json'), 'utf8')).toContain('BootstrapApiKeySecret');
  const health = deploy.trim().split('\n').at(-1) ?? '';
  const { stdout } = await shell(`API_URL=${where.api}; ${health} -s`);
  expect(JSON.parse(stdout)).toEqual({ status: 'ok' });
});

test('the commands for contributors are scripts of the package', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const named = work
    .trim()
    .split('\n')
    .map((line) => line.replace(/^npm (run )?/, ''));
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining([...named, 'start', 'synth', 'bench', 'soak', 'openapi']));
});

test('the workflow it shows has no problems', () => {
  const [document = ''] = blocksOf('README.md', 'yaml');
  expect(checkDocument(document)).toMatchObject({ ok: true, warnings: [] });
});

test('every page it names is there', () => {
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  for (const [, path = ''] of text.matchAll(/\]\(([^)#]+)\)/g))
    expect(() => readFileSync(join(root, path))).not.toThrow(/ENOENT/);
});
