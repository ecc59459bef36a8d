import { afterAll, beforeAll, expect, test } from 'vitest';
import { aMail, Postbox, postbox, type ReceiptResult, transportTo } from '../mail/postbox.ts';
import { Household } from './household.ts';

const ROUNDS = Number(process.env['ROUNDS'] ?? 2);
const house = new Household();
beforeAll(() => house.start());
afterAll(() => house.close());

const place = () => ({ url: house.api.url, smtpUrl: house.smtpUrl });

test('kill -9 in a flood of mails: what was answered with 250 has one run and one receipt', {
  timeout: ROUNDS * 60_000,
}, async () => {
  const box = await postbox(place());
  const acknowledged: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const subjects = Array.from({ length: 60 }, (_, n) => `round ${round} mail ${n}`);
    const killAt = acknowledged.length + 5 + Math.floor(Math.random() * 40);
    const transport = transportTo(place(), { maxConnections: 10 });
    let killed: Promise<void> | undefined;
    const sending = subjects.map(async (subject) => {
      await transport.sendMail({
        envelope: { from: 'ada@example.com', to: box.address },
        raw: aMail({ Subject: subject, 'Message-ID': `<${subject.replaceAll(' ', '.')}@example.com>` }),
      });
      acknowledged.push(subject);
      if (acknowledged.length >= killAt) killed ??= house.kill();
    });
    await Promise.allSettled(sending);
    transport.close();
    await (killed ?? house.kill());
    await house.start();
  }

  const { api } = await postbox(place());
  const keys = acknowledged.map((subject) => `<${subject.replaceAll(' ', '.')}@example.com>`);
  const kept = () =>
    new Postbox(api, transportTo(place()), { id: box.id, address: box.address, workflow_id: box.workflow }).receipts();
  const keysOf = (receipts: ReceiptResult[]) =>
    receipts.filter(({ outcome }) => outcome === 'accepted').map(({ key }) => key.split(' ')[0] ?? '');
  let all = keysOf(await kept());
  while (!keys.every((key) => all.includes(key))) all = keysOf(await kept());
  expect(new Set(all).size).toBe(all.length);
  expect((await kept()).filter(({ outcome }) => outcome === 'rejected')).toEqual([]);
});
