import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Api, startApi } from '../edge/api.ts';
import { allBlocksOf, blocksOf } from './blocks.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const FORM = '{ type: object, required: [cost_centre], properties: { cost_centre: { type: string } } }';

test('every command of docs/approvals.md is answered with success', async () => {
  const workflow = await api.publish(`  - id: ask\n    approval: { assignees: ada@example.com, title: Go?, form: ${FORM} }\n`);
  const run = (await api.start(workflow)).body.id;
  const { id: TASK } = await api.asked(run);
  const commands = blocksOf('docs/approvals.md', 'sh');
  expect(commands).toHaveLength(3);
  expect(allBlocksOf('docs/approvals.md').filter(({ text }) => text.includes('curl'))).toHaveLength(commands.length);
  const said = [];
  for (const command of commands) {
    const { stdout } = await promisify(execFile)('bash', ['--norc', '-euo', 'pipefail', '-c', command], {
      env: { ...process.env, API: api.url, TASK },
    });
    said.push(JSON.parse(stdout));
  }
  const [list, answered, foreseen] = said;
  expect(foreseen).toMatchObject({ object: 'job_dry_run', subject: 'task', total: 0 });
  expect(list.items.map(({ id }: { id: string }) => id)).toContain(TASK);
  expect(answered).toMatchObject({ id: TASK, decision: 'approve', given: { cost_centre: 'A1' } });
  expect((await api.ended(run)).status).toBe('succeeded');
});
