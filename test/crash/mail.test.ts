import { afterAll, beforeAll, expect, test } from 'vitest';
import { howMany } from '../harness/how-many.ts';
import { Installation } from '../harness/installation.ts';
import { aMail, MailSender, mailSender, transportTo } from '../trigger/email/mail-sender.ts';

const ROUNDS = howMany('ROUNDS', 2);
const MAILS = 60;
const setting = new Installation();
beforeAll(() => setting.start());
afterAll(() => setting.close());

const place = () => ({ url: setting.api.url, smtpUrl: setting.smtpUrl });

test('kill -9 in a flood of mails: what was answered with 250 has one run and one delivery', {
  timeout: ROUNDS * 60_000,
}, async () => {
  const box = await mailSender(place());
  const acknowledged: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const subjects = Array.from({ length: MAILS }, (_, n) => `round ${round} mail ${n}`);
    const before = acknowledged.length;
    const killAt = before + 5 + Math.floor(Math.random() * 40);
    const transport = transportTo(place(), { maxConnections: 10 });
    let killed: Promise<void> | undefined;
    const sending = subjects.map(async (subject) => {
      await transport.sendMail({
        envelope: { from: 'ada@example.com', to: box.address },
        raw: aMail({ Subject: subject, 'Message-ID': `<${subject.replaceAll(' ', '.')}@example.com>` }),
      });
      acknowledged.push(subject);
      if (acknowledged.length >= killAt) killed ??= setting.kill();
    });
    await Promise.allSettled(sending);
    transport.close();
    expect(killed, 'the kill came in the middle').toBeDefined();
    expect(acknowledged.length, 'mails answered').toBeGreaterThanOrEqual(killAt);
    expect(acknowledged.length, 'mails answered').toBeLessThan(before + MAILS);
    await killed;
    await setting.start();
  }

  const { api } = await mailSender(place());
  const keys = acknowledged.map((subject) => `<${subject.replaceAll(' ', '.')}@example.com>`);
  const kept = () =>
    new MailSender(api, transportTo(place()), { id: box.id, address: box.address, workflow_id: box.workflow }).deliveries();
  const accepted = async () =>
    (await kept()).flatMap(({ outcome, key, run_id: run }) =>
      outcome === 'accepted' ? [{ key: key.split(' ')[0] ?? '', run }] : [],
    );
  let all = await accepted();
  while (!keys.every((key) => all.some((one) => one.key === key))) all = await accepted();
  expect(setting.kills).toBe(ROUNDS);
  expect(new Set(all.map(({ key }) => key)).size).toBe(all.length);
  expect(new Set(all.map(({ run }) => run)).size).toBe(all.length);
  expect((await kept()).filter(({ outcome }) => outcome === 'rejected')).toEqual([]);
});
