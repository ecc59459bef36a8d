import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Api, startApi } from '../edge/api.ts';
import { allBlocksOf, blocksOf } from './blocks.ts';

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const INPUT = 'input: { type: object, properties: { orderId: { type: string } } }';
const [pause = '', rerun = ''] = blocksOf('docs/control-and-recovery.md', 'sh');

/** The status and the answer of a command of the page. */
async function typed(command: string, variables: Record<string, string>) {
  const script = command.replace('http://127.0.0.1:4000', api.url).replace('curl -s ', "curl -s -w '\\n%{http_code}' ");
  const { stdout } = await promisify(execFile)('bash', ['--norc', '-euo', 'pipefail', '-c', script], {
    env: { ...process.env, ...variables },
  });
  const [answer = '', status] = stdout.split('\n');
  return { status: Number(status), body: JSON.parse(answer) };
}

describe('every command of docs/control-and-recovery.md is answered with what the page says', () => {
  test('the pause', async () => {
    const WORKFLOW = await api.publish('  - { id: a, wait: 10m }\n');
    const { id: RUN } = (await api.start(WORKFLOW)).body;
    const { status, body } = await typed(pause, { WORKFLOW, RUN });
    expect([status, body.pause?.reason]).toEqual([200, 'the ERP is down until noon']);
    await api.post(`/v1/workflows/${WORKFLOW}/command`, { command: 'stop', run_id: RUN });
  });

  test('the rerun with corrected input, from the step that failed', async () => {
    const steps = '  - { id: a, if: \'${ $input.orderId != "A-17" }\', raise: { error: WrongOrder, message: no } }\n';
    const workflow = await api.publish(steps, { top: INPUT });
    const { id: RUN } = (await api.start(workflow, { orderId: 'A-1' })).body;
    expect(await api.ended(RUN)).toMatchObject({ status: 'failed' });
    const { status, body } = await typed(rerun, { RUN });
    expect([status, body.parent, body.inputs]).toEqual([201, RUN, { orderId: 'A-17' }]);
    expect(await api.ended(body.id)).toMatchObject({ status: 'succeeded' });
  });

  test('there are no others', () => {
    const commands = allBlocksOf('docs/control-and-recovery.md').filter(({ text }) => text.includes('curl'));
    expect(commands.map(({ text }) => text)).toEqual([pause, rerun]);
  });
});
