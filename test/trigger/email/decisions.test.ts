import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compose } from '../../../shared/mail/compose.ts';
import { arrivalOf, sesRecord } from '../../../shared/trigger/email/arrival.ts';
import { fileName } from '../../../shared/trigger/email/file-name.ts';
import { narrowed } from '../../../shared/trigger/email/mail-input.ts';
import { localIn, newLocal } from '../../../shared/trigger/email/mailbox.ts';
import { parseMail } from '../../../shared/trigger/email/parse-mail.ts';
import { isProven, permissionRefusal, verdictRefusal } from '../../../shared/trigger/email/sender.ts';
import { documented } from './documented-event.ts';

const arrivalWith = (change: (ses: ReturnType<typeof documented>) => void = () => {}) => {
  const ses = documented();
  change(ses);
  return arrivalOf(sesRecord.parse({ ses }));
};

test('the event of the SES documentation is understood', () => {
  expect(arrivalWith()).toEqual({
    messageId: 'EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000',
    at: '2019-08-05T21:30:02.028Z',
    source: 'prvs=144d0cba7=sender@example.com',
    recipients: ['recipient@example.com'],
    verdicts: { spam: 'PASS', virus: 'PASS', spf: 'PASS', dkim: 'PASS', dmarc: 'GRAY' },
    signedBy: ['example.com'],
    from: ['"Doe, John" <sender@example.com>'],
  });
});

const proofs: [string, Partial<Parameters<typeof isProven>[1]>, boolean][] = [
  [
    'DMARC alone',
    {
      verdicts: { spam: 'PASS', virus: 'PASS', spf: 'GRAY', dkim: 'GRAY', dmarc: 'PASS' },
      source: 'x@other.example',
      signedBy: [],
    },
    false,
  ],
  ['a sender that SES reads otherwise', { source: 'x@example.com', from: ['Eve <eve@evil.example>'] }, false],
  ['a sender that SES cannot read', { source: 'x@example.com', from: [] }, false],
  ['two senders that SES reads', { source: 'x@example.com', from: ['ada@example.com', 'eve@evil.example'] }, false],
  ['a sender whose name SES has decoded', { source: 'x@example.com', from: ['Lovelace, Ada <ADA@example.com>'] }, true],
  [
    'a sender whose name SES has cut at its comma',
    { source: 'x@example.com', from: ['Lovelace', 'Ada <ada@example.com>'] },
    true,
  ],
  ['SPF of a source with two domains', { source: 'x@evil.example@example.com', signedBy: [] }, false],
  ['SPF of the domain', { source: 'x@example.com', signedBy: [] }, true],
  ['SPF of a domain below it', { source: 'x@bounce.example.com', signedBy: [] }, true],
  ['SPF of another domain', { source: 'x@notexample.com', signedBy: [] }, false],
  ['SPF of the empty sender', { source: '', signedBy: [] }, false],
  ['SPF of the top', { source: 'x@com', signedBy: ['com'] }, false],
  ['DKIM of the domain', { source: 'x@other.example', signedBy: ['amazonses.com', 'example.com'] }, true],
  ['DKIM of another domain', { source: 'x@other.example', signedBy: ['amazonses.com', 'evil-example.com'] }, false],
];
test.each(proofs)('%s: whether it proves a sender', (_, of, proven) => {
  expect(isProven('ada@example.com', { ...arrivalWith(), from: ['Ada <ada@example.com>'], ...of })).toBe(proven);
});

test('a sender cannot sign for another by writing a result of its own', () => {
  const forgery = { name: 'Authentication-Results', value: 'amazonses.com; dkim=pass header.i=@victim.example;' };
  const below = arrivalWith(({ mail }) => mail.headers.push(forgery));
  expect(below.signedBy).toEqual(['example.com']);
  const alone = arrivalWith(({ mail }) => {
    mail.headers = mail.headers.filter(({ name }) => name !== 'Authentication-Results');
    mail.headers.splice(6, 0, forgery);
  });
  expect(alone.signedBy).toEqual([]);
  const other = arrivalWith(({ mail }) => {
    for (const header of mail.headers)
      if (header.name === 'Authentication-Results') header.value = header.value.replace('amazonses.com', 'elsewhere.example');
  });
  expect(other.signedBy).toEqual([]);
  const envelope = arrivalWith(({ mail }) => {
    mail.source = '"; dkim=pass header.i=@victim.example;"@evil.example';
  });
  expect(envelope.signedBy).toEqual([]);
});

test.each([
  'x; dkim=pass header.i=@victim.example',
  'x;dkim=pass header.i=@victim.example;helo=y',
  'x; envelope-from=y; dkim=pass header.i=@victim.example',
  'x (; dkim=pass header.i=@victim.example',
])('a client that greets as %s has signed for nobody', (greeting) => {
  const { signedBy } = arrivalWith(({ mail }) => {
    for (const header of mail.headers) header.value = header.value.replace('helo=smtp.example.com', `helo=${greeting}`);
  });
  expect(signedBy).toEqual([]);
});

const checks: [string, Partial<Parameters<typeof verdictRefusal>[0]['verdicts']>, string | undefined][] = [
  ['DKIM, of a mail that was forwarded', { spf: 'FAIL', dkim: 'PASS', dmarc: 'PASS' }, undefined],
  ['SPF, of a mail whose signature a list has broken', { spf: 'PASS', dkim: 'FAIL', dmarc: 'PASS' }, undefined],
  ['nothing, of a domain without DMARC', { spf: 'FAIL', dkim: 'PASS', dmarc: 'GRAY' }, 'SPF'],
  ['nothing, with a broken signature', { spf: 'GRAY', dkim: 'FAIL', dmarc: 'GRAY' }, 'DKIM'],
  ['DKIM, of another domain', { spf: 'PASS', dkim: 'PASS', dmarc: 'FAIL' }, 'DMARC'],
  ['DMARC, with a virus', { virus: 'FAIL', dmarc: 'PASS' }, 'virus'],
  ['DMARC, with spam', { spam: 'FAIL', dmarc: 'PASS' }, 'spam'],
];
test.each(checks)('a mail vouched for by %s: %j is turned away for %s', (_, found, check) => {
  const refusal = verdictRefusal({
    verdicts: { spam: 'PASS', virus: 'PASS', spf: 'PASS', dkim: 'PASS', dmarc: 'PASS', ...found },
  });
  expect(refusal?.match(/The (\w+) check/)?.[1]).toBe(check);
});

const members = ['ada@example.com'];
const permissions: [string, string[], string, boolean, boolean][] = [
  ['collaborators', [], 'ada@example.com', true, true],
  ['collaborators', [], 'ADA@Example.com', true, true],
  ['collaborators', [], 'ada@example.com', false, false],
  ['collaborators', [], 'eve@example.com', true, false],
  ['collaborators', ['eve@example.com'], 'eve@example.com', true, true],
  ['restricted', ['@example.org'], 'ada@example.com', true, false],
  ['restricted', ['@example.org'], 'bob@example.org', true, true],
  ['restricted', ['@example.org'], 'bob@sub.example.org', true, false],
  ['restricted', ['@example.org'], 'bob@example.org.evil.example', true, false],
  ['restricted', ['bob@example.org'], 'bob@example.org', false, false],
  ['anyone', [], 'eve@example.com', false, true],
];
test.each(permissions)('%s %j: %s, proven %s -> %s', (permission, allowed, address, proven, let_in) => {
  const refusal = permissionRefusal({ permission: permission as 'anyone', allowed }, { address, proven }, members);
  expect(refusal === undefined).toBe(let_in);
});

test('a local part is a slug and something that cannot be guessed', () => {
  expect(newLocal('order-intake')).toMatch(/^order-intake-[a-z2-9]{8}$/);
  expect(newLocal('x'.repeat(63)).length).toBeLessThanOrEqual(64);
  expect(new Set(Array.from({ length: 500 }, () => newLocal('a'))).size).toBe(500);
});

test.each([
  ['Orders-ab@Mail.Example', 'orders-ab'],
  ['orders-ab+tag+more@mail.example', 'orders-ab'],
  ['orders-ab@other.example', undefined],
  ['orders-ab@mail.example.evil', undefined],
  ['../x@mail.example', undefined],
  ['@mail.example', undefined],
  ['mail.example', undefined],
])('%s names the mailbox %s', (address, local) => {
  expect(localIn(address, 'mail.example')).toBe(local);
});

test('a file name is never a path, never hidden, never empty, never long', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (given) => {
      const name = fileName(given, 'application/pdf', 1);
      expect(name).toMatch(/^[^/\\.\p{Cc}\p{Cf}][^/\\\p{Cc}\p{Cf}]*$/u);
      expect(Array.from(name).length).toBeLessThanOrEqual(200);
      expect(name.isWellFormed()).toBe(true);
    }),
  );
});

test('whatever a reply holds, it has the headers that were meant', async () => {
  const anything = fc.string({ unit: 'binary', maxLength: 300 });
  await fc.assert(
    fc.asyncProperty(anything, anything, anything, async (subject, text, id) => {
      const raw = compose({
        from: 'a@mail.example',
        to: 'b@example.com',
        subject,
        text,
        date: new Date(0),
        inReplyTo: id,
        headers: { 'Auto-Submitted': 'auto-replied' },
      });
      const head = raw.toString().split('\r\n\r\n')[0] ?? '';
      const names = head.split(/\r\n(?![ \t])/).map((line) => line.split(':')[0]);
      expect(new Set(names).size).toBe(names.length);
      expect(
        names.every((name) =>
          /^(From|To|Subject|Date|In-Reply-To|References|Auto-Submitted|MIME-Version|Content-Type|Content-Transfer-Encoding)$/.test(
            name ?? '',
          ),
        ),
      ).toBe(true);
      expect((await parseMail(raw)).from.address).toBe('a@mail.example');
    }),
  );
});

const input = { subject: 's', html: null, text: 't' };
test.each([
  [undefined, input],
  [true, input],
  [{ type: 'object' }, input],
  [{ properties: { subject: {} }, additionalProperties: false }, { subject: 's' }],
  [{ properties: { html: { type: 'string' } } }, { subject: 's', text: 't' }],
  [{ properties: { html: { type: ['string', 'null'] } }, additionalProperties: false }, { html: null }],
])('the schema %j gets %j', (schema, seen) => {
  expect(narrowed(input, schema)).toEqual(seen);
});
