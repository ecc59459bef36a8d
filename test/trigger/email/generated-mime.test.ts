import { createHash } from 'node:crypto';
import fc from 'fast-check';
import MailComposer from 'nodemailer/lib/mail-composer/index.js';
import { expect, test } from 'vitest';
import { parseMail } from '../../../shared/trigger/email/parse-mail.ts';
import { howMany } from '../../harness/how-many.ts';

const ROUNDS = howMany('ROUNDS', 1);

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const line = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
  .map((text) => text.replace(/[\p{C}\p{Z}]+/gu, ' ').trim())
  .filter((text) => text !== '' && text.isWellFormed());
const body = fc.array(line, { minLength: 1, maxLength: 8 }).map((lines) => `${lines.join('\n')}\n`);
const name = fc.stringMatching(/^[A-Za-zäöüß0-9_-]{1,40}\.(pdf|csv|bin|zip)$/);
const file = fc.record({ filename: name, content: fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes)) });
const mail = fc.record({
  from: fc.record({
    name: fc.stringMatching(/^[A-Za-zäöü][A-Za-zäöü ,."-]{0,20}[A-Za-z]$/),
    address: fc.constant('ada@example.com'),
  }),
  subject: line,
  text: fc.option(body, { nil: undefined }),
  html: fc.option(
    body.map((text) => `<p>${text}</p>`),
    { nil: undefined },
  ),
  attachments: fc.array(file, { maxLength: 5 }),
  textEncoding: fc.constantFrom('quoted-printable' as const, 'base64' as const),
});

const composed = (of: ConstructorParameters<typeof MailComposer>[0]) =>
  new Promise<Buffer>((resolve, reject) =>
    new MailComposer(of).compile().build((error, raw) => (error ? reject(error) : resolve(raw))),
  );
const plain = (text: string) => text.replace(/\s+/g, ' ').trim();

test('whatever a mail program composes is read as it was meant', async () => {
  await fc.assert(
    fc.asyncProperty(mail, async (given) => {
      const seen = await parseMail(await composed({ ...given, to: 'orders@example.org' }));
      expect(plain(seen.subject)).toBe(plain(given.subject));
      expect(seen.from).toEqual({ name: given.from.name, address: 'ada@example.com' });
      if (given.text !== undefined) expect(plain(seen.text)).toBe(plain(given.text));
      if (given.html !== undefined) expect(plain(seen.html ?? '')).toBe(plain(given.html));
      expect(seen.attachments.map(({ name, sha256 }) => [name, sha256])).toEqual(
        given.attachments.map(({ filename, content }) => [filename, sha256(content)]),
      );
    }),
    { numRuns: ROUNDS * 100 },
  );
});

const CRLF = '\r\n';
type Tree = { kind: string; children: Tree[] } | { leaf: Buffer };
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 6 },
    fc.uint8Array({ maxLength: 200 }).map((bytes): Tree => ({ leaf: Buffer.from(bytes) })),
    fc.record({
      kind: fc.constantFrom('mixed', 'related', 'x-unknown', 'signed', 'report'),
      children: fc.array(tie('tree'), { minLength: 1, maxLength: 4 }),
    }),
  ),
}));

function written(of: Tree, path = 'b'): string {
  if ('leaf' in of)
    return `Content-Type: application/octet-stream${CRLF}Content-Transfer-Encoding: base64${CRLF}Content-Disposition: attachment${CRLF}${CRLF}${of.leaf.toString('base64').replace(/.{76}/g, `$&${CRLF}`)}`;
  const parts = of.children.map((child, at) => `--${path}${CRLF}${written(child, `${path}.${at}`)}`);
  return `Content-Type: multipart/${of.kind}; boundary="${path}"${CRLF}${CRLF}${parts.join(CRLF)}${CRLF}--${path}--${CRLF}`;
}
const leaves = (of: Tree): Buffer[] => ('leaf' in of ? [of.leaf] : of.children.flatMap(leaves));

test('parts within parts, of any kind, come out in their order and byte for byte', async () => {
  await fc.assert(
    fc.asyncProperty(tree, async (of) => {
      fc.pre(leaves(of).length <= 50);
      const raw = Buffer.from(`From: ada@example.com${CRLF}MIME-Version: 1.0${CRLF}${written(of)}`);
      expect((await parseMail(raw)).attachments.map(({ bytes }) => bytes.toString('hex'))).toEqual(
        leaves(of).map((bytes) => bytes.toString('hex')),
      );
    }),
    { numRuns: ROUNDS * 100 },
  );
});

test('bytes of any kind are a mail or a refusal, never a fault', async () => {
  const soup = fc.array(
    fc.oneof(
      fc.constantFrom(
        'From: a@b.example',
        'Content-Type: multipart/mixed; boundary=b',
        '--b',
        '--b--',
        '',
        'Content-Transfer-Encoding: base64',
        '=?utf-8?B?/w==?=',
        'Content-Type: message/rfc822',
        ' folded',
        'Date: never',
        'To: ,;:<>"',
        'charset=utf-16',
      ),
      fc.string({ unit: 'binary', maxLength: 40 }),
    ),
    { maxLength: 40 },
  );
  const outcomes = { mails: 0, refusals: 0 };
  await fc.assert(
    fc.asyncProperty(soup, fc.constantFrom('\r\n', '\n', '\r'), async (lines, end) => {
      const seen = await parseMail(Buffer.from(lines.join(end), 'latin1')).catch((error: Error) => error.name);
      outcomes[typeof seen === 'string' ? 'refusals' : 'mails'] += 1;
      if (typeof seen === 'string') expect(seen).toBe('Problem');
      else expect(JSON.stringify({ ...seen, attachments: [] }).isWellFormed()).toBe(true);
    }),
    { numRuns: ROUNDS * 200 },
  );
  expect(Math.min(outcomes.mails, outcomes.refusals)).toBeGreaterThan(0);
});
