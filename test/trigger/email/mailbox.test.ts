import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import type { Cloud } from '../../../local/cloud.ts';
import { cloudInProcess } from '../../harness/cloud.ts';
import { temporaryFolder } from '../../harness/temporary-folder.ts';
import { Client } from '../../run/client.ts';
import { aMail, type MailSender, mailSender, takesMail } from './mail-sender.ts';

const folder = temporaryFolder();
let cloud: Cloud;
let api: Client;
beforeAll(async () => {
  cloud = await cloudInProcess(undefined, folder.path);
  api = new Client(cloud.url);
});
afterAll(async () => {
  await cloud?.close();
  folder.remove();
});

const addressResult = z.object({ address: z.string() });
const outbox = (to: string) => {
  const names = existsSync(join(folder.path, 'outbox')) ? readdirSync(join(folder.path, 'outbox')) : [];
  const mails = names
    .filter((name) => name.endsWith('.eml'))
    .map((name) => readFileSync(join(folder.path, 'outbox', name), 'utf8'));
  return mails.filter((mail) => mail.includes(`X-Envelope-To: ${to}\r\n`));
};
const bodyOf = (mail: string) => Buffer.from(mail.split('\r\n\r\n')[1] ?? '', 'base64').toString();
/** Nothing comes of some mails, and that takes as long as something does. */
const runsOf = async (box: MailSender) => (await box.deliveries()).filter(({ outcome }) => outcome === 'accepted').length;

test('a mailbox has a readable address that nobody can guess, and keeps it when its settings change', async () => {
  const workflow = await api.publish({ ...takesMail, name: `invoices-${Date.now()}` });
  const path = `/v1/workflows/${workflow}/mailbox`;
  expect((await api.call('GET', path)).status).toBe(404);
  const first = await api.expect(200, 'PUT', path, {});
  expect(first).toMatchObject({
    enabled: true,
    permission: 'collaborators',
    allowed: [],
    stage: 'Published',
    reply: 'none',
    max_size: 26_214_400,
  });
  expect(addressResult.parse(first).address).toMatch(/^invoices-\d+-[a-z2-9]{8}@mail\.localhost$/);
  const second = await api.expect(200, 'PUT', path, { permission: 'restricted', allowed: ['Ada@Example.com', '@Example.org'] });
  expect(second).toMatchObject({ address: addressResult.parse(first).address, allowed: ['ada@example.com', '@example.org'] });
  expect(await api.expect(200, 'GET', path)).toEqual(second);
});

test('ten who ask at once get one mailbox', async () => {
  const workflow = await api.publish(takesMail);
  const answers = await Promise.all(Array.from({ length: 10 }, () => api.call('PUT', `/v1/workflows/${workflow}/mailbox`, {})));
  const addresses = answers.filter(({ status }) => status === 200).map(({ body }) => addressResult.parse(body).address);
  expect(new Set(addresses).size).toBe(1);
});

test.each([
  [{ permission: 'restricted' }, 'allowed'],
  [{ permission: 'friends' }, 'permission'],
  [{ allowed: ['nobody'] }, 'allowed.0'],
  [{ max_size: 30_000_000 }, 'max_size'],
  [{ colour: 'red' }, 'colour'],
])('%o is refused by name', async (settings, field) => {
  const { status, body } = await api.call('PUT', `/v1/workflows/${await api.draft(takesMail)}/mailbox`, settings);
  expect(status).toBe(400);
  expect(body).toMatchObject({ details: [{ name: field }] });
});

test('mail to nobody is 550, to another domain too', async () => {
  const box = await mailSender(cloud);
  await expect(box.send(aMail(), { to: ['nobody-abcdefgh@mail.localhost'] })).rejects.toMatchObject({ responseCode: 550 });
  await expect(box.send(aMail(), { to: ['ada@example.com'] })).rejects.toMatchObject({ responseCode: 550 });
});

test('an address with a note behind a plus, in any case, is the same mailbox', async () => {
  const box = await mailSender(cloud);
  const to = box.address.replace('@', '+November@').toUpperCase();
  await box.send(aMail(), { to: [to, box.address] });
  expect((await box.deliveriesOnce(1)).map(({ outcome }) => outcome)).toEqual(['accepted']);
});

test('after a rotation the new address works and the old one says why it does not', async () => {
  const box = await mailSender(cloud);
  const { address } = addressResult.parse(await api.expect(200, 'POST', `/v1/workflows/${box.workflow}/mailbox/rotate`));
  expect(address).not.toBe(box.address);
  expect(await box.deliver(aMail())).toMatchObject({
    outcome: 'rejected',
    reason: expect.stringContaining('replaced by another one'),
  });
  expect(await box.deliver(aMail(), { to: [address] })).toMatchObject({ outcome: 'accepted' });
});

test('a mailbox that is turned off turns mail away', async () => {
  const box = await mailSender(cloud, { permission: 'anyone', enabled: false });
  expect(await box.deliver(aMail())).toMatchObject({ outcome: 'rejected', reason: 'The mailbox is turned off.' });
});

test('a workflow that is turned off turns mail away, and takes it when it is tried again later', async () => {
  const box = await mailSender(cloud);
  await api.expect(200, 'PATCH', `/v1/workflows/${box.workflow}`, { enabled: false });
  const { id, ...turned } = await box.deliver(aMail());
  expect(turned).toMatchObject({ outcome: 'rejected', reason: expect.stringContaining('turned off') });
  await api.expect(200, 'PATCH', `/v1/workflows/${box.workflow}`, { enabled: true });
  const again = await api.expect(200, 'POST', `/v1/deliveries/${id}/redeliver`);
  expect(again).toMatchObject({ id, outcome: 'accepted', redeliveries: 1, run_id: expect.any(String) });
});

test('the draft is started when the mailbox says so', async () => {
  const workflow = await api.draft(takesMail);
  const mailbox = z
    .object({ address: z.string() })
    .parse(await api.expect(200, 'PUT', `/v1/workflows/${workflow}/mailbox`, { permission: 'anyone', stage: 'Draft' }));
  const box = await mailSender(cloud);
  await box.send(aMail(), { to: [mailbox.address] });
  for (;;) {
    const { items } = z
      .object({ items: z.array(z.looseObject({})) })
      .parse(await api.expect(200, 'GET', `/v1/workflows/${workflow}/runs`));
    if (items.length === 0) await sleep(20);
    else return expect(items).toMatchObject([{ stage: 'Draft', trigger: 'email' }]);
  }
});

test('collaborators are the holders of keys of the project, and nobody else', async () => {
  const email = `ada${Date.now()}@example.com`;
  const box = await mailSender(cloud, {});
  expect(await box.deliver(aMail({ From: email }))).toMatchObject({
    outcome: 'rejected',
    reason: `${email} is not the mail address of a member of the project.`,
  });
  const key = { name: 'ada', role: 'viewer', email: email.toUpperCase() };
  const { id } = z.object({ id: z.string() }).parse(await api.expect(201, 'POST', '/v1/api-keys', key));
  expect(await box.deliver(aMail({ From: email }))).toMatchObject({ outcome: 'accepted', source: email });
  await api.expect(204, 'DELETE', `/v1/api-keys/${id}`);
  expect(await box.deliver(aMail({ From: email }))).toMatchObject({ outcome: 'rejected' });
});

test('members of the project are collaborators, until they are removed', async () => {
  const email = `eda${Date.now()}@example.com`;
  const box = await mailSender(cloud, {});
  const member = { name: 'Eda', role: 'viewer', email: email.toUpperCase() };
  const { id } = z.object({ id: z.string() }).parse(await api.expect(201, 'POST', '/v1/members', member));
  expect(await box.deliver(aMail({ From: email }))).toMatchObject({ outcome: 'accepted', source: email });
  await api.expect(204, 'DELETE', `/v1/members/${id}`);
  expect(await box.deliver(aMail({ From: email }))).toMatchObject({ outcome: 'rejected' });
});

const forged = { 'X-SES-DMARC-Verdict': 'GRAY', 'X-SES-SPF-Verdict': 'GRAY', 'X-SES-DKIM-Verdict': 'GRAY' };

test.each([
  ['collaborators', { permission: 'collaborators', allowed: ['ada@example.com'] }, 'rejected'],
  ['restricted', { permission: 'restricted', allowed: ['@example.com'] }, 'rejected'],
  ['anyone', { permission: 'anyone' }, 'accepted'],
])('a From that nothing proves is worth nothing where it matters: %s', async (_, settings, outcome) => {
  const box = await mailSender(cloud, settings);
  expect(await box.deliver(aMail(forged))).toMatchObject({ outcome });
  expect(await box.deliver(aMail(forged), { from: 'mallory@evil.example' })).toMatchObject({ outcome });
});

test('SPF for the very domain proves a sender where there is no DMARC', async () => {
  const box = await mailSender(cloud, { permission: 'restricted', allowed: ['@example.com'] });
  const spf = { 'X-SES-DMARC-Verdict': 'GRAY', 'X-SES-DKIM-Verdict': 'GRAY' };
  expect(await box.deliver(aMail(spf), { from: 'bounces@mail.example.com' })).toMatchObject({ outcome: 'accepted' });
  expect(await box.deliver(aMail(spf), { from: 'bounces@evil-example.com' })).toMatchObject({ outcome: 'rejected' });
  expect(await box.deliver(aMail({ From: 'eve@example.org' }))).toMatchObject({ outcome: 'rejected' });
});

test.each(['Spam', 'Virus', 'SPF', 'DKIM', 'DMARC'])('%s FAIL is turned away, whoever may write', async (check) => {
  const box = await mailSender(cloud);
  const delivery = await box.deliver(aMail({ 'X-SES-DMARC-Verdict': 'GRAY', [`X-SES-${check}-Verdict`]: 'FAIL' }));
  expect(delivery).toMatchObject({
    outcome: 'rejected',
    reason: expect.stringMatching(new RegExp(`^The ${check} check says FAIL`, 'i')),
  });
});

test.each(['SPF', 'DKIM'])('%s FAIL alone is no reason when DMARC has passed, as for mail that was forwarded', async (check) => {
  const box = await mailSender(cloud);
  const raw = aMail({
    From: 'Lovelace, Ada <ada@example.com>',
    [`X-SES-${check}-Verdict`]: 'FAIL',
    'X-SES-DMARC-Verdict': 'PASS',
  });
  const { outcome, run_id } = await box.deliver(raw);
  expect(outcome).toBe('accepted');
  expect((await box.api.ended(run_id ?? '')).inputs).toMatchObject({
    from: { name: 'Lovelace, Ada', address: 'ada@example.com' },
  });
});

test('what could begin a loop is turned away and never answered', async () => {
  const box = await mailSender(cloud, { permission: 'anyone', reply: 'acknowledgement' });
  const from = 'robot@loops.example';
  const loops: [Record<string, string>, string][] = [
    [{ 'Auto-Submitted': 'auto-replied' }, from],
    [{ Precedence: 'bulk' }, from],
    [{ Precedence: 'list' }, from],
    [{ Precedence: 'junk' }, from],
    [{}, ''],
    [{ From: box.address }, from],
  ];
  for (const [headers, source] of loops)
    expect(await box.deliver(aMail({ From: from, ...headers }), { from: source })).toMatchObject({ outcome: 'rejected' });
  expect(await box.deliver(aMail({ From: from, 'Auto-Submitted': 'no' }), { from })).toMatchObject({ outcome: 'accepted' });
  while (outbox(from).length === 0) await sleep(10);
  expect(outbox(from)).toHaveLength(1);
});

test('a reply is threaded, and says that a machine wrote it', async () => {
  const box = await mailSender(cloud, { permission: 'anyone', reply: 'acknowledgement' });
  const from = 'thread@example.com';
  const { run_id: run } = await box.deliver(
    aMail({
      From: from,
      Subject: '=?utf-8?Q?Gr=C3=B6=C3=9Fe?=',
      'Message-ID': '<t1@example.com>',
      References: '<t0@example.com>',
    }),
    { from },
  );
  while (outbox(from).length === 0) await sleep(10);
  const [reply = ''] = outbox(from);
  expect(reply).toContain('Auto-Submitted: auto-replied\r\n');
  expect(reply).toContain('In-Reply-To: <t1@example.com>\r\n');
  expect(reply).toContain('References: <t0@example.com>\r\n <t1@example.com>\r\n');
  expect(reply).toContain(`From: ${box.address}\r\n`);
  expect(reply).toContain(`Subject: =?utf-8?B?${Buffer.from('Re: Größe').toString('base64')}?=`);
  expect(bodyOf(reply)).toContain(`run ${run}`);
});

test('what is injected into a subject or an id does not come out in the reply', async () => {
  const box = await mailSender(cloud, { permission: 'anyone', reply: 'acknowledgement' });
  const from = 'injects@example.com';
  const injected = { Subject: '=?utf-8?Q?x=0D=0ABcc:_eve@example.org?=', 'Message-ID': '<a@x>\tBcc: eve@example.org' };
  expect(await box.deliver(aMail({ From: from, ...injected }), { from })).toMatchObject({ outcome: 'accepted' });
  while (outbox(from).length === 0) await sleep(10);
  const [reply = ''] = outbox(from);
  expect(reply).toMatch(/^Subject: /m);
  expect(reply).not.toMatch(/^Bcc:/im);
  expect(outbox('eve@example.org')).toEqual([]);
});

test('the result is sent once the run has ended, once', async () => {
  const box = await mailSender(cloud, { permission: 'anyone', reply: 'result' });
  const from = 'result@example.com';
  const { run_id: run, trigger_id } = await box.deliver(aMail({ From: from, Subject: 'Order 99' }), { from });
  const actor = { kind: 'trigger', id: trigger_id, name: from, email: from };
  expect(await api.ended(run ?? '')).toMatchObject({ trigger: 'email', trigger_id, actor });
  // Made for the cloud that is up by now.
  const { handler: sendResults } = await import('../../../functions/timer/send-results.ts');
  const context = { awsRequestId: 'test', getRemainingTimeInMillis: () => 55_000 };
  const until = Date.now() + 15_000;
  while (outbox(from).length === 0 && Date.now() < until) {
    await sleep(500);
    await Promise.all([sendResults({}, context as never), sendResults({}, context as never)]);
  }
  expect(outbox(from).map(bodyOf)).toEqual([expect.stringMatching(new RegExp(`Run ${run} .* has ended: Succeeded[^]*Order 99`))]);
});

test('a sender that nothing proves is never answered', async () => {
  const box = await mailSender(cloud, { permission: 'anyone', reply: 'acknowledgement' });
  const from = 'victim@example.com';
  expect(await box.deliver(aMail({ ...forged, From: from }), { from: 'mallory@evil.example' })).toMatchObject({
    outcome: 'accepted',
  });
  await box.deliver(aMail({ From: 'control@example.com' }));
  while (outbox('control@example.com').length === 0) await sleep(10);
  expect(outbox(from)).toEqual([]);
});

test('the same mail again is the same run; to two mailboxes it is one run each', async () => {
  const [one, two] = [await mailSender(cloud), await mailSender(cloud)];
  const raw = aMail();
  await one.send(raw, { to: [one.address, two.address] });
  const [first] = await one.deliveriesOnce(1);
  await two.deliveriesOnce(1);
  expect(await one.deliver(raw)).toMatchObject({ outcome: 'duplicate', run_id: first?.run_id });
  expect([await runsOf(one), await runsOf(two)]).toEqual([1, 1]);
});

test.each(['<>', '<reused@gateway.example>'])('mails that have the Message-ID %s in common are one run each', async (id) => {
  const box = await mailSender(cloud);
  expect(await box.deliver(aMail({ 'Message-ID': id }, 'one'))).toMatchObject({ outcome: 'accepted' });
  expect(await box.deliver(aMail({ 'Message-ID': id }, 'two'))).toMatchObject({ outcome: 'accepted' });
  expect(await box.deliver(aMail({ 'Message-ID': id }, 'two'))).toMatchObject({ outcome: 'duplicate' });
});

test('a mail without a Message-ID is known by what the sender wrote', async () => {
  const box = await mailSender(cloud);
  const raw = aMail({ 'Message-ID': null });
  expect(await box.deliver(raw)).toMatchObject({ outcome: 'accepted', key: expect.stringMatching(/^sha256:/) });
  expect(await box.deliver(`Received: from elsewhere; today\r\n${raw}`)).toMatchObject({ outcome: 'duplicate' });
  expect(await box.deliver(raw.replace('Good morning', 'Good evening'))).toMatchObject({ outcome: 'accepted' });
});

test('a closed schema gets what it asks for, an open one all of it', async () => {
  const input = {
    type: 'object',
    additionalProperties: false,
    properties: { subject: { type: 'string' }, html: { type: 'string' } },
    required: ['subject'],
  };
  const box = await mailSender(cloud, { permission: 'anyone' }, { ...takesMail, input });
  expect((await box.runOf(aMail())).inputs).toEqual({ subject: 'Order 1' });
});

test('a condition that is false is a delivery of its own kind', async () => {
  const box = await mailSender(
    cloud,
    { permission: 'anyone' },
    { ...takesMail, runIf: '${ $contains($input.subject, "order") }' },
  );
  expect(await box.deliver(aMail({ Subject: 'holiday' }))).toMatchObject({ outcome: 'skipped' });
});

test('a mail larger than the mailbox takes is turned away', async () => {
  const box = await mailSender(cloud, { permission: 'anyone', max_size: 2048 });
  expect(await box.deliver(aMail({}, 'x'.repeat(70).concat('\r\n').repeat(100)))).toMatchObject({
    outcome: 'rejected',
    reason: expect.stringContaining('the mailbox takes 2048 at most'),
  });
});

test('a canary goes out, comes in, starts the built-in workflow and says how long that took', async () => {
  const first = await api.expect(200, 'POST', '/v1/mail/canary');
  expect(first).toMatchObject({ id: expect.stringMatching(/^canary-/), run_id: expect.any(String), seconds: expect.any(Number) });
  const second = await api.expect(200, 'POST', '/v1/mail/canary');
  expect(second).toMatchObject({ address: addressResult.parse(first).address });
});
