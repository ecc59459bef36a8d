import { expect, test } from 'vitest';
import { howMany } from '../../harness/how-many.ts';
import { setting } from '../../run/setting.ts';
import { aMail, mailSender, transportTo } from './mail-sender.ts';

const here = setting();
const MAILS = howMany('MAILS', 200);
const CONNECTIONS = 20;

test(`${MAILS} mails over ${CONNECTIONS} connections, a tenth of them twice: one run each, a delivery for all`, {
  timeout: 300_000,
}, async () => {
  const box = await mailSender(
    here.cloud,
    { permission: 'anyone' },
    { reference: '${ $input.subject }', steps: [{ id: 'seen', set: { ok: true } }] },
  );
  const fresh = Array.from({ length: MAILS * 0.9 }, (_, n) => aMail({ Subject: `Order ${n}` }));
  const again = fresh.slice(0, MAILS * 0.1);
  const all = [...fresh.slice(0, MAILS / 2), ...again, ...fresh.slice(MAILS / 2)];
  const transport = transportTo(here.cloud, { maxConnections: CONNECTIONS });
  const answers = await Promise.all(
    all.map((raw) => transport.sendMail({ envelope: { from: 'ada@example.com', to: box.address }, raw })),
  );
  transport.close();
  expect(answers.every(({ response }) => response?.startsWith('250'))).toBe(true);

  const deliveries = await box.deliveriesOnce(MAILS);
  const outcomes = Object.groupBy(deliveries, ({ outcome }) => outcome);
  expect(deliveries).toHaveLength(MAILS);
  expect(outcomes['accepted']).toHaveLength(fresh.length);
  expect(outcomes['duplicate']).toHaveLength(again.length);
  const runs = new Set(outcomes['accepted']?.map(({ run_id: run }) => run));
  expect(runs.size).toBe(fresh.length);
  expect(outcomes['duplicate']?.every(({ run_id: run }) => runs.has(run))).toBe(true);
});
