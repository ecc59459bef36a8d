import { expect, test } from 'vitest';
import { dedupeKey } from '../../../shared/trigger/email/dedupe.ts';
import { fileName } from '../../../shared/trigger/email/file-name.ts';
import { parseMail } from '../../../shared/trigger/email/parse-mail.ts';
import { senderIn } from '../../../shared/trigger/email/sender-line.ts';

const MEGABYTE = 1_000_000;
/** What was quadratic took minutes. */
const MOST_MS = 2000;

const of = (unit: string) => unit.repeat(MEGABYTE / unit.length);
const patterns = {
  'an open bracket and @': `<${of('@')}`,
  'open quotes': of('"\\'),
  'open comments': of('('),
  'empty comments': of('()'),
  'groups in groups': of('a:'),
  addresses: of('a@b,'),
  'addresses in brackets': of('<a@b> '),
  'a name of dots': `a${of('.')}a`,
  'blanks within': `a${of(' ')}a`,
  'words in words': of('=?utf-8?Q?a?= '),
  semicolons: of(';boundary="\\'),
  pieces: of(';boundary*1=a'),
};
const headers = ['From', 'To', 'Subject', 'References', 'Message-ID', 'Content-Type', 'Content-Disposition', 'Auto-Submitted'];

async function timed(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

test.each(Object.entries(patterns))('a megabyte of %s in any header is read or refused at once', async (_, value) => {
  for (const header of headers) {
    const lead = { 'Content-Type': 'multipart/mixed; boundary=', 'Content-Disposition': 'attachment; filename=' }[header] ?? '';
    const from = header === 'From' ? '' : 'From: ada@example.com\r\n';
    const raw = Buffer.from(`${from}${header}: ${lead}${value}\r\n\r\nhello\r\n`);
    const ms = await timed(() => parseMail(raw).catch((error: Error) => expect(error.name).toBe('Problem')));
    expect({ header, slow: ms > MOST_MS }).toEqual({ header, slow: false });
    expect(await timed(() => dedupeKey({ messageId: null }, raw))).toBeLessThan(MOST_MS);
  }
  expect(await timed(() => senderIn(value))).toBeLessThan(MOST_MS);
  expect(await timed(() => fileName(value, 'text/plain', 1))).toBeLessThan(MOST_MS);
});

test('a mail of nothing but 24 million line ends is refused before it is read', async () => {
  const raw = Buffer.concat([Buffer.from('From: ada@example.com\r\n\r\n'), Buffer.alloc(24 * MEGABYTE, '\n')]);
  const ms = await timed(() => expect(parseMail(raw)).rejects.toThrow('more than 400000 lines'));
  expect(ms).toBeLessThan(MOST_MS);
});

test('headers are cut where they are parsed, and many are refused', async () => {
  const long = 'x'.repeat(450_000);
  const raw = Buffer.from(
    `From: ada@example.com\r\nSubject: ${long}\r\nReply-To: ${long}\r\nReferences: ${'<a@b> '.repeat(9999)}\r\n\r\nhello\r\n`,
  );
  const mail = await parseMail(raw);
  expect(mail.subject).toBe('x'.repeat(2000));
  expect(mail.header('reply-to')).toHaveLength(2000);
  expect(mail.references.length).toBeLessThanOrEqual(50);
  expect(mail.text).toBe('hello\n');
  const many = Buffer.from(`From: ada@example.com\r\n${`X-A: ${'x'.repeat(900)}\r\n`.repeat(200)}\r\nhello\r\n`);
  await expect(parseMail(many)).rejects.toThrow(/bytes of headers/);
});

const mailWith = (id: string, text: string) =>
  Buffer.from(`Received: x\r\nMessage-ID: ${id}\r\nFrom: ada@example.com\r\n\r\n${text}`);
const keyOf = async (raw: Buffer) => dedupeKey(await parseMail(raw), raw);

test('an id that is none is none, and an id with other content is another mail', async () => {
  for (const none of ['<>', '', '< >', 'none']) expect(await parseMail(mailWith(none, 'one'))).toMatchObject({ messageId: null });
  expect(await keyOf(mailWith('<>', 'one'))).not.toBe(await keyOf(mailWith('<>', 'two')));
  expect(await keyOf(mailWith('<a@b>', 'one'))).not.toBe(await keyOf(mailWith('<a@b>', 'two')));
  const again = Buffer.from(mailWith('<a@b>', 'one').toString().replace('Received: x', 'Received: y\r\nX-Spam-Score: 1'));
  expect(await keyOf(again)).toBe(await keyOf(mailWith('<a@b>', 'one')));
  expect(await keyOf(again)).toMatch(/^<a@b> sha256:/);
});
