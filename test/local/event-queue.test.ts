import { readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Cloud } from '../../local/cloud.ts';
import { EventFiles } from '../../local/ses/event-files.ts';
import { giveUpReason, hasRoom, retryDelayMs } from '../../local/ses/event-queue.ts';
import { cloudInProcess } from '../harness/cloud.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { Client } from '../run/client.ts';
import { aMail, MailSender, mailSender, transportTo } from '../trigger/email/mail-sender.ts';

const anEvent = (more: object = {}) => ({ id: 'a', bytes: 1000, failures: 0, deaths: 0, ...more });
const MIB = 1024 * 1024;

test('a mail is given up after ten failures, or when the process has died of it three times', () => {
  expect(giveUpReason(anEvent({ failures: 9, deaths: 2 }))).toBeUndefined();
  expect(giveUpReason(anEvent({ failures: 10 }))).toMatch(/failed 10 times/);
  expect(giveUpReason(anEvent({ deaths: 3 }))).toMatch(/ended 3 times while it was handled/);
});

test('what fails waits longer and longer, up to five minutes', () => {
  expect([1, 2, 3, 9, 50].map((failures) => retryDelayMs(anEvent({ failures })))).toEqual([1000, 2000, 4000, 256_000, 300_000]);
});

test('large mails are handled one by one, small ones eight at a time, and what the process may have died of alone', () => {
  const seven = Array.from({ length: 7 }, () => anEvent());
  expect(hasRoom([], anEvent({ bytes: 40 * MIB, deaths: 2 }))).toBe(true);
  expect(hasRoom(seven, anEvent())).toBe(true);
  expect(hasRoom([...seven, anEvent()], anEvent())).toBe(false);
  expect(hasRoom([anEvent({ bytes: 24 * MIB })], anEvent({ bytes: 24 * MIB }))).toBe(false);
  expect(hasRoom([anEvent()], anEvent({ deaths: 1 }))).toBe(false);
  expect(hasRoom([anEvent({ deaths: 1 })], anEvent())).toBe(false);
});

const folder = temporaryFolder();
afterAll(() => folder.remove());

test('the next process knows what this one was handling, and what had failed before', async () => {
  const path = join(folder.path, 'files');
  const files = new EventFiles(path);
  const content = { functionArn: 'f', event: { n: 1 } };
  for (const id of ['handled', 'failed', 'peaceful', 'done']) {
    await files.add(anEvent({ id }), content);
    await files.begin(anEvent({ id }));
  }
  await files.putBack(anEvent({ id: 'failed' }));
  files.release(anEvent({ id: 'peaceful' }));
  await files.done(anEvent({ id: 'done' }));
  writeFileSync(join(path, 'old.json'), JSON.stringify(content));
  const left = new EventFiles(path).left();
  expect(left).toEqual([
    anEvent({ id: 'failed', failures: 1 }),
    anEvent({ id: 'handled', deaths: 1 }),
    anEvent({ id: 'old', bytes: 0 }),
    anEvent({ id: 'peaceful' }),
  ]);
  for (const event of left) expect(await files.read(event)).toEqual(content);
});

const data = join(folder.path, 'data');
let cloud: Cloud;
beforeAll(async () => {
  cloud = await cloudInProcess(undefined, data);
});
afterAll(() => cloud?.close());

test('a mail that the process has died of three times is set aside with a delivery that says so, and can be redelivered', async () => {
  const box = await mailSender(cloud);
  const transport = transportTo(cloud, { maxConnections: 20 });
  const envelope = { from: 'ada@example.com', to: box.address };
  await Promise.all(Array.from({ length: 40 }, (_, n) => transport.sendMail({ envelope, raw: aMail({ Subject: `n${n}` }) })));
  await cloud.close();
  const queue = join(data, 'mail');
  const [name = ''] = readdirSync(queue).filter((entry) => entry.endsWith('.0.0.json'));
  renameSync(join(queue, name), join(queue, name.replace('.0.0.json', '.0.2.handling')));

  cloud = await cloudInProcess(undefined, data);
  const kept = { id: box.id, address: box.address, workflow_id: box.workflow };
  const again = new MailSender(new Client(cloud.url), transportTo(cloud), kept);
  const deliveries = await again.deliveriesOnce(40);
  const rejected = deliveries.filter(({ outcome }) => outcome === 'rejected');
  expect(rejected).toMatchObject([{ reason: 'The mail was set aside: the process has ended 3 times while it was handled.' }]);
  expect(readdirSync(join(queue, 'set-aside'))).toHaveLength(1);
  const redelivered = await again.api.expect(200, 'POST', `/v1/deliveries/${rejected[0]?.id}/redeliver`);
  expect(redelivered).toMatchObject({ outcome: 'accepted', redeliveries: 1 });
});
