import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { setting } from '../../run/setting.ts';
import { aMail, type MailSender, mailSender } from './mail-sender.ts';

const here = setting();
let box: MailSender | undefined;
const atHome = async () => {
  box ??= await mailSender(here.cloud);
  return box;
};

const multipart = (boundary: string) => ({ 'MIME-Version': '1.0', 'Content-Type': `multipart/mixed; boundary=${boundary}` });
const part = (boundary: string, body = 'x') => `--${boundary}\r\nContent-Type: text/plain\r\n\r\n${body}\r\n`;
const attachment = (boundary: string, name: string) =>
  `--${boundary}\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename="${name}"\r\n\r\nx\r\n`;

function nestedParts(depth: number): string {
  const open = Array.from({ length: depth }, (_, at) => `--b${at}\r\nContent-Type: multipart/mixed; boundary=b${at + 1}\r\n\r\n`);
  const close = Array.from({ length: depth + 1 }, (_, at) => `--b${depth - at}--\r\n`);
  return aMail(multipart('b0'), `${open.join('')}${part(`b${depth}`)}${close.join('')}`);
}

const turnedAway: [string, string | Buffer, RegExp][] = [
  ['MIME that is cut off', aMail(multipart('b'), `${part('b')}${part('b', 'the rest is mis')}`), /cut off/],
  ['MIME that is cut off in a header', aMail(multipart('b'), '--b\r\nContent-Ty'), /cut off/],
  ['parts without a boundary', aMail({ 'Content-Type': 'multipart/mixed' }, 'x'), /no boundary/],
  ['10,000 parts within each other', nestedParts(10_000), /nesting depth/],
  [
    '51 attachments',
    aMail(multipart('b'), `${Array.from({ length: 51 }, (_, n) => attachment('b', `${n}`)).join('')}--b--\r\n`),
    /51 attachments/,
  ],
  ['10,000 attachments', aMail(multipart('b'), `${attachment('b', 'a').repeat(10_000)}--b--\r\n`), /10000 attachments/],
  ['three megabytes of headers', aMail({ 'X-Long': `${'x'.repeat(900)}\r\n `.repeat(3500) }), /header size/],
  ['no sender', aMail({ From: null }), /names no sender/],
  ['a sender that is no address', aMail({ From: 'the boss' }), /names no sender/],
  ['two senders in a line', aMail({ From: 'ada@example.com, eve@example.org' }), /more than one sender/],
  ['two senders in two lines', aMail().replace('To:', 'From: eve@example.org\r\nTo:'), /more than one sender/],
  ['two senders, one of them in brackets', aMail({ From: '"x" <eve@example.org> <ada@example.com>' }), /more than one sender/],
  ['no headers at all', 'nothing that is a mail\r\n', /names no sender/],
  ['bytes that are nothing', Buffer.from(Array.from({ length: 5000 }, (_, at) => (at * 7919) % 256)), /names no sender/],
];

test.each(turnedAway)('%s: turned away with a reason and a delivery', async (_, raw, reason) => {
  const delivery = await (await atHome()).deliver(raw);
  expect(delivery).toMatchObject({ outcome: 'rejected', reason: expect.stringMatching(reason) });
});

test.each([
  ['a subject', { Subject: '=?utf-8?Q?Order=0D=0ABcc:_eve@example.org=0D=0A=0D=0Abody?=' }],
  ['a name', { From: '=?utf-8?Q?Ada=0D=0ABcc:_eve@example.org?= <ada@example.com>' }],
  ['a NUL', { Subject: '=?utf-8?Q?a=00b?=' }],
])('%s cannot begin another line', async (_, headers) => {
  const seen = z.object({ subject: z.string(), from: z.object({ name: z.string() }) });
  const { subject, from } = seen.parse((await (await atHome()).runOf(aMail(headers))).inputs);
  expect(subject + from.name).toMatch(/^[^\p{Cc}]*$/u);
});

test.each([
  ['../../../../etc/passwd', 'passwd'],
  ['..', 'attachment-1.txt'],
  ['.bashrc', 'bashrc'],
  ['a/b\\\\c.txt', 'c.txt'],
  [`${'n'.repeat(5000)}.pdf`, `${'n'.repeat(196)}.pdf`],
  ['=?utf-8?B?YQBiDQouLi9jLnR4dA==?=', 'c.txt'],
  ['<script>.txt', '_script_.txt'],
])('the file name %s is only a name', async (given, name) => {
  const { inputs } = await (await atHome()).runOf(aMail(multipart('b'), `${attachment('b', given)}--b--\r\n`));
  expect(inputs).toMatchObject({ attachments: [{ name }] });
});

test('a bomb is stored and never opened', async () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
  const body = `--b\r\nContent-Type: application/gzip\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=bomb.gz\r\n\r\n${bomb.toString('base64').replace(/.{76}/g, '$&\r\n')}\r\n--b--\r\n`;
  const before = process.memoryUsage().rss;
  const { inputs } = await (await atHome()).runOf(aMail(multipart('b'), body));
  expect(inputs).toMatchObject({
    attachments: [{ name: 'bomb.gz', size: bomb.length, sha256: createHash('sha256').update(bomb).digest('hex') }],
  });
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
});

test('30 MiB are 552, and leave a delivery', async () => {
  const strict = await mailSender(here.cloud);
  const raw = Buffer.concat([Buffer.from(aMail()), Buffer.alloc(30 * 1024 * 1024, 'x'.repeat(70).concat('\r\n'))]);
  await expect(strict.send(raw)).rejects.toMatchObject({ responseCode: 552 });
  const [delivery] = await strict.deliveriesOnce(1);
  expect(delivery).toMatchObject({
    outcome: 'rejected',
    reason: expect.stringContaining('are the most that are taken'),
    payload: null,
  });
  expect(delivery?.size).toBeGreaterThan(30 * 1024 * 1024);
});

test('20 MiB of attachment are taken', async () => {
  const bytes = Buffer.alloc(15 * 1024 * 1024, 'abc');
  const body = `--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=large.bin\r\n\r\n${bytes.toString('base64').replace(/.{76}/g, '$&\r\n')}\r\n--b--\r\n`;
  const { inputs } = await (await atHome()).runOf(aMail(multipart('b'), body));
  expect(inputs).toMatchObject({ attachments: [{ size: bytes.length }] });
});
