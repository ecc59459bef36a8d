import { expect, test } from 'vitest';
import { parseMail } from '../../../shared/trigger/email/parse-mail.ts';
import { senderIn } from '../../../shared/trigger/email/sender-line.ts';

const one = (address: string, name = '') => ({ kind: 'one', name, address });
const none = { kind: 'none' };
const several = { kind: 'several' };

test.each([
  ['ada@example.com', one('ada@example.com')],
  ['Ada <ada@example.com>', one('ada@example.com', 'Ada')],
  ['ada@example.com <ada@example.com>', one('ada@example.com')],
  ['"Lovelace, Ada" <ada@example.com>', one('ada@example.com', 'Lovelace, Ada')],
  ['Lovelace, Ada <ada@example.com>', one('ada@example.com', 'Lovelace, Ada')],
  ['Lovelace, Dr. Ada (Sales), PhD <ada@example.com>', one('ada@example.com', 'Lovelace, Dr. Ada, PhD')],
  ['=?utf-8?Q?M=C3=BCller?=, J <j@example.com>', one('j@example.com', 'Müller, J')],
  ['Ada <ada@example.com>,', one('ada@example.com', 'Ada')],
  ['ada@example.com;', one('ada@example.com')],
  ['Team: Ada <ada@example.com>;', one('ada@example.com', 'Ada')],
  ['victim@corp.example, Ada <ada@example.com>', several],
  ['Ada <ada@example.com>, victim@corp.example', several],
  ['Ada <ada@example.com>, <victim@corp.example>', several],
  ['Lovelace, Ada <ada@example.com>; b@y', several],
  ['"boss@corp.example" <ada@example.com>', one('ada@example.com', 'boss@corp.example')],
  ['ada@example.com (Ada Lovelace)', one('ada@example.com', 'Ada Lovelace')],
  ['ada@example.com (Ada (Sales) Lovelace)', one('ada@example.com', 'Ada  Sales  Lovelace')],
  ['(x (y) <victim@corp.example>) attacker@evil.example', one('attacker@evil.example', 'x  y  <victim@corp.example>')],
  ['(x \\) <victim@corp.example>) attacker@evil.example', one('attacker@evil.example', 'x   <victim@corp.example>')],
  ['"x\\" <victim@corp.example>" <attacker@evil.example>', one('attacker@evil.example', 'x" <victim@corp.example>')],
  ['=?utf-8?Q?J=C3=B6rg?= <joerg@example.com>', one('joerg@example.com', 'Jörg')],
  ['victim@corp.example, attacker@evil.example', several],
  ['victim@corp.example; attacker@evil.example', several],
  ['victim@corp.example, x <attacker@evil.example>', several],
  ['<victim@corp.example> <attacker@evil.example>', several],
  ['Team: victim@corp.example, attacker@evil.example;', several],
  ['=?utf-8?Q?=3Cvictim=40corp.example=3E?=', none],
  ['<victim@corp.example(>) attacker@evil.example', several],
  ['(never ends <victim@corp.example>', none],
  ['"never ends <victim@corp.example>', none],
  ['vic(x)tim@corp.example', none],
  ['<victim@corp.example@evil.example>', several],
  ['Lovelace, Ada', none],
  ['the boss', none],
  ['', none],
])('%s', (line, sender) => {
  expect(senderIn(line)).toMatchObject(sender);
});

test('recipients whose names have commas keep their names, and nobody is added', async () => {
  const To =
    'Lovelace, Ada <ada@example.com>, bob@example.com, Team: Hopper, Grace <grace@example.com>;, "Doe, Joe" <joe@example.com>';
  const { to, cc } = await parseMail(
    Buffer.from(`From: a@b.example\r\nTo: ${To}\r\nCc: undisclosed-recipients:;\r\n\r\nhello\r\n`),
  );
  expect(to).toEqual([
    { name: 'Lovelace, Ada', address: 'ada@example.com' },
    { name: '', address: 'bob@example.com' },
    { name: 'Hopper, Grace', address: 'grace@example.com' },
    { name: 'Doe, Joe', address: 'joe@example.com' },
  ]);
  expect(cc).toEqual([]);
});
