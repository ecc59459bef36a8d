import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { MillrunProcess } from '../harness/millrun-process.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { blocksOf } from './blocks.ts';

const exec = promisify(execFile);
const cli = await exec('aws', ['--version']).then(
  () => true,
  () => false,
);

test.runIf(cli)('the AWS CLI finds what it asks for with what the page sets, and nothing else', async () => {
  const commands = blocksOf('docs/embedded-cloud.md', '').find((block) => block.includes('aws --endpoint-url')) ?? '';
  const folder = temporaryFolder();
  const cloud = new MillrunProcess({ dataDir: folder.path });
  const where = await cloud.ready;
  const script = commands.replace('.millrun/', `${folder.path}/`).replaceAll('http://127.0.0.1:4566', where.cloud);
  const { stdout } = await exec('bash', ['--norc', '-euo', 'pipefail', '-c', script], { env: { PATH: process.env['PATH'] } });
  expect(stdout).toContain('long-runs');
  expect(stdout).toContain('TableNames');
  expect(stdout).toContain('millrun-SchedulesUndelivered');
  await cloud.end();
  folder.remove();
});
