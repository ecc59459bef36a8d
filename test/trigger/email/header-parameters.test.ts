import fc from 'fast-check';
import { expect, test } from 'vitest';
import { headerParameter } from '../../../shared/trigger/email/header-parameters.ts';
import { parseMail } from '../../../shared/trigger/email/parse-mail.ts';

test.each([
  ['multipart/mixed; boundary=a', 'a'],
  ['multipart/mixed; Boundary = "a b" ; charset=x', 'a b'],
  ['multipart/mixed; boundary="a\\"b"', 'a"b'],
  ['multipart/mixed; boundary*0="==part"; boundary*1="four=="', '==partfour=='],
  ['multipart/mixed; boundary*1="four=="; boundary*0="==part"', '==partfour=='],
  ["multipart/mixed; boundary*0*=us-ascii''%3D%3Dpart; boundary*1=four%3D", '==partfour%3D'],
  ["multipart/mixed; boundary*=''a%20b", 'a b'],
  ['multipart/mixed; boundary=a; boundary=b', 'a'],
  ['multipart/mixed; x="; boundary=b"; boundary=a', 'a'],
  ['multipart/mixed (; boundary=b); boundary=a', 'a'],
  ['multipart/mixed; boundary(how odd)=a', 'a'],
  ['multipart/mixed; boundary=a (never ends; charset=b', 'a (never ends'],
  ['multipart/mixed; charset=b', undefined],
  ['boundary=a', undefined],
])('%s has the boundary %s', (header, boundary) => {
  expect(headerParameter(header, 'boundary')).toBe(boundary);
});

const mailWith = (contentType: string, boundary: string, disposition = 'attachment; filename=orders.csv') =>
  Buffer.from(
    [
      'From: Lovelace, Ada <ada@example.com>',
      'MIME-Version: 1.0',
      `Content-Type: ${contentType}`,
      '',
      `--${boundary}`,
      'Content-Type: text/csv',
      `Content-Disposition: ${disposition}`,
      '',
      'a,b',
      `--${boundary}--`,
      '',
    ].join('\r\n'),
  );

test.each([
  ["attachment; filename*0*=''orders%2E; filename*1=csv", 'orders.csv'],
  ["attachment; filename*1*=%20%C3%9F.csv; filename*0*=utf-8'de'gr%C3%B6", 'grö ß.csv'],
  ['attachment; filename*0="orders of "; filename*1="today.csv"', 'orders of today.csv'],
])('a file with %s is called %s', async (disposition, name) => {
  const mail = await parseMail(
    mailWith('multipart/mixed; boundary*0="==part"; boundary*1="four=="', '==partfour==', disposition),
  );
  expect(mail.from).toEqual({ name: 'Lovelace, Ada', address: 'ada@example.com' });
  expect(mail.attachments.map((file) => file.name)).toEqual([name]);
});

test('a boundary is found whole, however it is cut into pieces', async () => {
  const signs = fc.string({ unit: fc.constantFrom(...'ab=_?.:/+()\'," -'), minLength: 1, maxLength: 60 });
  const boundaries = signs.map((text) => `x${text}x`);
  await fc.assert(
    fc.asyncProperty(boundaries, fc.nat(59), fc.boolean(), async (boundary, cut, isEncoded) => {
      const pieces = [boundary.slice(0, cut), boundary.slice(cut)];
      const written = pieces.map((text, position) =>
        isEncoded
          ? `boundary*${position}*=${position === 0 ? "us-ascii'en'" : ''}${encodeURIComponent(text).replace(/[()']/g, percent)}`
          : `boundary*${position}="${text.replaceAll('"', '\\"')}"`,
      );
      const mail = await parseMail(mailWith(`multipart/mixed;\r\n ${written.join(';\r\n ')}`, boundary));
      expect(mail.attachments).toHaveLength(1);
    }),
  );
});

const percent = (sign: string) => `%${sign.charCodeAt(0).toString(16)}`;
