import { readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Cloud } from '../../local/cloud.ts';
import { EventFiles } from '../../local/lambda/event-files.ts';
import { giveUpReason, hasRoom } from '../../local/lambda/event-queue.ts';
import { afterFailure, lambdaRetries, schedulerRetries } from '../../local/lambda/retry-policy.ts';
import { cloudInProcess } from '../harness/cloud.ts';
import { deadLetters } from '../harness/dead-letters.ts';
import { temporaryFolder } from '../harness/temporary-folder.ts';
import { Client } from '../run/client.ts';
import { aMail, MailSender, mailSender, transportTo } from '../trigger/email/mail-sender.ts';

const anEvent = (more: object = {}) => ({ id: 'a', bytes: 1000, failures: 0, deaths: 0, addedMs: 0, ...more });
const MIB = 1024 * 1024;
const HOUR_MS = 3_600_000;
const lambda = lambdaRetries({ MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 21_600 });

test('an event is given up when its function has failed as often as Lambda calls it, or the process has died of it three times', () => {
  expect(giveUpReason(anEvent({ failures: 2, deaths: 2 }), lambda, 0)).toBeUndefined();
  expect(giveUpReason(anEvent({ failures: 3 }), lambda, 0)).toMatch(/failed 3 times/);
  expect(giveUpReason(anEvent({ deaths: 3 }), lambda, 0)).toMatch(/ended 3 times while it was handled/);
});

test('an event that waited while nobody was up is tried however old it is, and given up for its age only once it has failed', () => {
  expect(giveUpReason(anEvent(), lambda, 100 * HOUR_MS)).toBeUndefined();
  expect(giveUpReason(anEvent({ failures: 1 }), lambda, 6 * HOUR_MS)).toMatch(/failed 1 times/);
});

test('Lambda tries again after a minute and after two', () => {
  const fates = [1, 2, 3].map((failures) => afterFailure(lambda, { failures, ageMs: 0 }));
  expect(fates).toEqual([
    { kind: 'retry', delayMs: 60_000 },
    { kind: 'retry', delayMs: 120_000 },
    { kind: 'give-up', condition: 'MaximumRetryAttempts' },
  ]);
});

test('Scheduler waits twice as long each time, up to a minute, for as many retries and as long as its policy says', () => {
  const policy = schedulerRetries({ MaximumRetryAttempts: 7, MaximumEventAgeInSeconds: 300 });
  const delays = [1, 2, 3, 6, 7].map((failures) => afterFailure(policy, { failures, ageMs: 0 }));
  expect(delays).toEqual([1000, 2000, 4000, 32_000, 60_000].map((delayMs) => ({ kind: 'retry', delayMs })));
  expect(afterFailure(policy, { failures: 8, ageMs: 0 })).toEqual({ kind: 'give-up', condition: 'MaximumRetryAttempts' });
  expect(afterFailure(policy, { failures: 7, ageMs: 240_001 })).toEqual({
    kind: 'give-up',
    condition: 'MaximumEventAgeInSeconds',
  });
});

test('large mails are handled one by one, small ones eight at a time, and what the process may have died of alone', () => {
  const seven = Array.from({ length: 7 }, () => anEvent());
  expect(hasRoom([], anEvent({ bytes: 40 * MIB, deaths: 2 }), 8)).toBe(true);
  expect(hasRoom(seven, anEvent(), 8)).toBe(true);
  expect(hasRoom([...seven, anEvent()], anEvent(), 8)).toBe(false);
  expect(hasRoom([anEvent({ bytes: 24 * MIB })], anEvent({ bytes: 24 * MIB }), 8)).toBe(false);
  expect(hasRoom([anEvent()], anEvent({ deaths: 1 }), 8)).toBe(false);
  expect(hasRoom([anEvent({ deaths: 1 })], anEvent(), 8)).toBe(false);
  expect(hasRoom([anEvent()], anEvent({ bytes: 0, deaths: 1 }), 8)).toBe(true);
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
  for (const { addedMs } of left) expect(Math.abs(addedMs - Date.now())).toBeLessThan(60_000);
  expect(left.map((event) => ({ ...event, addedMs: 0 }))).toEqual([
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
  expect(readdirSync(queue).filter((entry) => /json|handling/.test(entry))).toEqual([]);
  expect(await deadLetters(cloud, 'RunRecoveryUndelivered')).toMatchObject([
    {
      Body: expect.stringContaining('"eventSource":"aws:ses"'),
      MessageAttributes: { ErrorMessage: { StringValue: 'the process has ended 3 times while it was handled' } },
    },
  ]);
  const redelivered = await again.api.expect(200, 'POST', `/v1/deliveries/${rejected[0]?.id}/redeliver`);
  expect(redelivered).toMatchObject({ outcome: 'accepted', redeliveries: 1 });
});
