import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { setting } from '../setting.ts';

const at = setting();

test('the workflows of docs/control-and-recovery.md run', async () => {
  const text = readFileSync(join(import.meta.dirname, '../../../docs/control-and-recovery.md'), 'utf8');
  const [callee, caller] = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml = '']) => parse(yaml));
  await at.api.publish(callee);
  const run = await at.api.start(await at.api.publish(caller), { quantities: [1, 2, 3] });
  expect(await at.api.ended(run.id)).toMatchObject({ status: 'succeeded', outputs: { total: 72 } });
});
