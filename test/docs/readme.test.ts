import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
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
  expect(start.trim().split('\n')).toEqual(['npm start -- --once', 'npm test']);
  expect(readFileSync(join(root, '.ci/run'), 'utf8')).toContain('npm test');
  expect(cloud.output).toMatch(/published examples\/hello.yaml[\s\S]*step_retrying[\s\S]*run_succeeded/);
});

describe('a run by curl', () => {
  test('shows a run and its log', async () => {
    const { stdout } = await shell(
      `${curl.replaceAll('http://127.0.0.1:4000', where.api)}\ncurl -s "$API/v1/runs/$RUN?wait=10" -H "$KEY"`,
    );
    expect(stdout).toContain('"workflow_name":"hello"');
    expect(stdout).toContain('"type":"run_created"');
    expect(stdout).toContain('"status":"succeeded"');
  });

  test('is five lines', () => {
    expect(curl.trim().split('\n')).toHaveLength(5);
  });

  // The cloud of this test has another AWS_PORT than the one that the files name.
  test.each(globSync('examples/*.yaml', { cwd: root }))(
    'that %s shows is one that succeeds',
    { timeout: 60_000 },
    async (file) => {
      const header = readFileSync(join(root, file), 'utf8').split('format: 1')[0] ?? '';
      const commands = [...header.matchAll(/^# {3}(.+)$/gm)].map(([, line]) => line).join('\n');
      const { stdout } = await shell(
        commands
          .replace('http://127.0.0.1:4000', where.api)
          .replace('smtp://127.0.0.1:2525', where.smtp)
          .replace('"params": {', '"params": {"wait": 20, '),
      );
      expect(stdout).toContain('"status":"succeeded"');
    },
  );
});

// There is no account to deploy to: what can be shown is that the stack is there to be deployed, and that what follows asks for what is served.
describe('the deployment', () => {
  test('deploys what can be made, and hears where it lies, how much it is, and what comes next', {
    timeout: 180_000,
  }, async () => {
    const { stdout } = await shell('npm run --silent synth');
    expect(stdout).toMatch(
      /^cdk\.out\/Millrun\.template\.json: \d+ resources with those of its nested stack, among them \d+ functions/,
    );
    expect(readFileSync(join(root, 'cdk.out/Millrun.template.json'), 'utf8')).toContain('BootstrapApiKeySecret');
    const next = [...stdout.matchAll(/npm run (\S+) -- (bootstrap|deploy)/g)].map(([command]) => command);
    expect(deploy.split('\n').slice(0, 2)).toEqual(next);
  });

  test('is followed by commands that set what they use', async () => {
    const [, , ...commands] = deploy.trim().split('\n');
    const aws = `aws() { case "$*" in *ApiUrl*) echo ${where.api};; *BootstrapApiKeySecret*) echo the-secret;; *--secret-id\\ the-secret*) echo local-dev-key;; esac; }`;
    const { stdout } = await shell([aws, ...commands].join('\n'));
    expect(JSON.parse(stdout).items.length).toBeGreaterThan(0);
  });
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
