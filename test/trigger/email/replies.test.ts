import '../../harness/quiet.ts';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { emailServices } from '../../../functions/adapters.ts';
import { takeMail } from '../../../functions/mail/receive-mail.ts';
import type { Cloud } from '../../../local/cloud.ts';
import { s3 } from '../../../shared/aws/clients.ts';
import * as env from '../../../shared/kernel/env.ts';
import { sesRecord } from '../../../shared/trigger/email/arrival.ts';
import type { EmailServices, PendingReplies } from '../../../shared/trigger/email/ports.ts';
import { sendResults } from '../../../shared/trigger/email/reply.ts';
import { cloudInProcess } from '../../harness/cloud.ts';
import { temporaryFolder } from '../../harness/temporary-folder.ts';
import { documented } from './documented-event.ts';
import { aMail, mailSender } from './mail-sender.ts';

const folder = temporaryFolder();
let cloud: Cloud;
beforeAll(async () => {
  cloud = await cloudInProcess(undefined, folder.path);
});
afterAll(async () => {
  await cloud?.close();
  folder.remove();
});

const outbox = () => (existsSync(join(folder.path, 'outbox')) ? readdirSync(join(folder.path, 'outbox')) : []).length;
const resultsDue = (services: EmailServices) => sendResults({ ...services, now: () => new Date(Date.now() + 60_000) });
const broken = () => Promise.reject(new Error('Item size has exceeded the maximum allowed size'));

/** The services with some operations of its replies replaced, and what it said of those that were lost. */
function servicesWith(change: Partial<PendingReplies>): { services: EmailServices; lost: unknown[] } {
  const lost: unknown[] = [];
  const services = emailServices();
  const { replies } = services;
  const bound: PendingReplies = {
    put: (...given) => replies.put(...given),
    due: (...given) => replies.due(...given),
    defer: (...given) => replies.defer(...given),
    remove: (...given) => replies.remove(...given),
  };
  return { services: { ...services, replies: { ...bound, ...change }, replyLost: (error) => lost.push(error) }, lost };
}

test('eight mails with 450,000 characters of subject are eight runs, and their results are sent', async () => {
  const box = await mailSender(cloud, { permission: 'anyone', reply: 'result' });
  const raws = Array.from({ length: 8 }, () => aMail({ Subject: 'x'.repeat(450_000) }));
  await Promise.all(raws.map((raw) => box.send(raw)));
  const deliveries = await box.deliveriesOnce(8);
  expect(deliveries.map(({ outcome }) => outcome)).toEqual(Array(8).fill('accepted'));
  for (const { run_id: run } of deliveries) await box.api.ended(run ?? '');
  expect(await resultsDue(emailServices())).toBe(8);
  expect(outbox()).toBe(8);
});

test('a reply that cannot be noted fails alone: the mail has its run and its delivery', async () => {
  const box = await mailSender(cloud, { permission: 'anyone', reply: 'result' });
  const { mail, receipt } = documented();
  const headers = mail.headers.filter(({ name }) => name !== 'Precedence');
  const messageId = 'reply-not-noted';
  const Body = `${headers.map(({ name, value }) => `${name}: ${value}`).join('\r\n')}\r\n\r\nHello\r\n`;
  await s3().send(new PutObjectCommand({ Bucket: env.valuesBucket(), Key: `mail/${messageId}`, Body }));
  const ses = { mail: { ...mail, messageId, headers }, receipt: { ...receipt, recipients: [box.address] } };
  const { services, lost } = servicesWith({ put: broken });
  await takeMail({ Records: [sesRecord.parse({ ses })] }, services);
  expect(await box.deliveries()).toMatchObject([{ outcome: 'accepted', run_id: expect.any(String) }]);
  expect(lost).toHaveLength(1);
});

const laterBy = (services: EmailServices, ms: number) => ({ ...services, now: () => new Date(Date.now() + ms) });
const MINUTE_MS = 60_000;

/** So many results that are due, of runs that have ended. */
async function resultsOf(mails: number) {
  const box = await mailSender(cloud, { permission: 'anyone', reply: 'result' });
  for (let n = 0; n < mails; n++) await box.api.ended((await box.deliver(aMail())).run_id ?? '');
}

test('a result that cannot be sent keeps no other waiting, and is sent later', async () => {
  await resultsOf(2);
  let tries = 0;
  const { services, lost } = servicesWith({});
  const send: EmailServices['outgoing']['send'] = (mail) => (++tries === 1 ? broken() : services.outgoing.send(mail));
  expect(await resultsDue({ ...services, outgoing: { send } })).toBe(1);
  expect(lost).toHaveLength(1);
  expect(await sendResults(laterBy(services, 60 * MINUTE_MS))).toBe(1);
  expect(await sendResults(laterBy(services, 120 * MINUTE_MS))).toBe(0);
});

test('a process that dies before it has sent a result, or before it has noted so, leaves it to the next one', async () => {
  await resultsOf(1);
  const { services } = servicesWith({});
  const death = new Error('killed');
  const never: PendingReplies['defer'] = () => Promise.reject(death);
  const taken: string[] = [];
  // Dead: neither sends nor puts off.
  const replies: PendingReplies = {
    ...services.replies,
    defer: (id, seen, dueAt) => (taken.push(id) === 1 ? services.replies.defer(id, seen, dueAt) : never(id, seen, dueAt)),
  };
  const send = () => Promise.reject(death);
  await sendResults({ ...laterBy(services, MINUTE_MS), replies, outgoing: { send } });
  expect(taken.length).toBeGreaterThan(0);
  expect(await sendResults(laterBy(services, MINUTE_MS))).toBe(0);

  const unnoted = { ...services.replies, remove: () => Promise.reject(death), defer: replies.defer };
  taken.length = 0;
  const before = outbox();
  await sendResults({ ...laterBy(services, 4 * MINUTE_MS), replies: unnoted });
  expect(outbox()).toBe(before + 1);
  expect(await sendResults(laterBy(services, 8 * MINUTE_MS))).toBe(1);
  expect(await sendResults(laterBy(services, 60 * MINUTE_MS))).toBe(0);
});

test('two that look at once send each result once', async () => {
  await resultsOf(3);
  const before = outbox();
  const sent = await Promise.all([resultsDue(emailServices()), resultsDue(emailServices())]);
  expect(sent[0] + sent[1]).toBe(3);
  expect(outbox()).toBe(before + 3);
});

const noRun = (deliveryId: string, since: string) => ({
  deliveryId,
  runId: 'none',
  workflowName: 'w',
  from: 'a@b',
  to: 'c@d',
  subject: 's',
  messageId: null,
  references: [],
  since,
});

test('one look deals with all that are due while it has time, however many', async () => {
  const services = emailServices();
  const since = new Date().toISOString();
  await Promise.all(Array.from({ length: 120 }, (_, n) => services.replies.put(noRun(`many-${n}`, since), since)));
  const left = async () => (await services.replies.due(new Date(Date.now() + MINUTE_MS).toISOString(), 1000)).length;
  await sendResults(laterBy(services, MINUTE_MS), () => false);
  expect(await left()).toBe(120);
  let pages = 0;
  await sendResults(laterBy(services, MINUTE_MS), () => ++pages <= 2);
  expect(await left()).toBe(20);
  await resultsDue(services);
  expect(await left()).toBe(0);
});

test('a reply that never can be looked at is given up after thirty days', async () => {
  const services = emailServices();
  const reply = noRun('r1', new Date().toISOString());
  await services.replies.put(reply, reply.since);
  const runs = new Proxy(services.runs, { get: (runs, name) => (name === 'get' ? broken : Reflect.get(runs, name)) });
  const blind = { ...services, runs, replyLost: () => {} };
  await sendResults({ ...blind, now: () => new Date(Date.now() + 86_400_000) });
  expect(await services.replies.due(new Date(Date.now() + 90 * 86_400_000).toISOString(), 10)).toHaveLength(1);
  await sendResults({ ...blind, now: () => new Date(Date.now() + 31 * 86_400_000) });
  expect(await services.replies.due(new Date(Date.now() + 90 * 86_400_000).toISOString(), 10)).toEqual([]);
});
