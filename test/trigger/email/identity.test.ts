import { expect, test } from 'vitest';
import { setting } from '../../run/setting.ts';
import { aMail, mailSender } from './mail-sender.ts';

const here = setting();
const VICTIM = 'victim@corp.example';
const ATTACKER = 'attacker@evil.example';
const toVictimsFriends = { permission: 'restricted', allowed: [VICTIM] };

test.each([
  '(x (y) <victim@corp.example>) attacker@evil.example',
  '(x \\) <victim@corp.example>) attacker@evil.example',
  '"victim@corp.example" <attacker@evil.example>',
  '<victim@corp.example> (attacker@evil.example)',
  'victim@corp.example',
])('From: %s, sent by evil.example with every check passed, starts no run as the victim', async (From) => {
  const box = await mailSender(here.cloud, toVictimsFriends);
  expect(await box.deliver(aMail({ From }), { from: ATTACKER })).toMatchObject({ outcome: 'rejected', run_id: null });
});

test('a line with comments within comments starts a run as the address that stands outside of them', async () => {
  const box = await mailSender(here.cloud, { permission: 'restricted', allowed: [ATTACKER] });
  const raw = aMail({ From: '(x (y) <victim@corp.example>) attacker@evil.example' });
  expect(await box.deliver(raw, { from: ATTACKER })).toMatchObject({ outcome: 'accepted', source: ATTACKER });
});

test('a megabyte of @ is turned away, and the mail behind it comes in', async () => {
  const box = await mailSender(here.cloud);
  const started = performance.now();
  const hostile = await box.deliver(aMail({ From: `<${'@'.repeat(1_000_000)}` }));
  expect(hostile).toMatchObject({ outcome: 'rejected', reason: 'The mail names no sender.' });
  expect(await box.deliver(aMail())).toMatchObject({ outcome: 'accepted' });
  expect(performance.now() - started).toBeLessThan(15_000);
});
