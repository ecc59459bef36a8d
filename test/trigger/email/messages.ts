import { aMail } from './mail-sender.ts';

/** A mail of the kind that people and programs send, and what a workflow must see of it. */
export interface Message {
  name: string;
  raw: string | Buffer;
  sees: Record<string, unknown>;
}

const CRLF = '\r\n';
const lines = (...all: string[]) => all.join(CRLF) + CRLF;
const base64 = (bytes: string | Buffer) => Buffer.from(bytes).toString('base64').replace(/.{76}/g, `$&${CRLF}`);
const latin1 = (text: string) => Buffer.from(text, 'latin1');

interface Part {
  type: string;
  headers?: string[];
  body: string;
}

/** A multipart mail of these parts. */
function parts(
  kind: string,
  all: Part[],
  headers: Record<string, string | null> = {},
  boundary = `b_${kind.replace(/\W/g, '_')}`,
): string {
  const body = all.map(({ type, headers: more = [], body }) =>
    [`--${boundary}`, `Content-Type: ${type}`, ...more, '', body].join(CRLF),
  );
  return aMail(
    { 'MIME-Version': '1.0', 'Content-Type': `multipart/${kind}; boundary="${boundary}"`, ...headers },
    lines(...body, `--${boundary}--`),
  );
}

const nested = (kind: string, boundary: string, all: Part[]): Part => ({
  type: `multipart/${kind}; boundary="${boundary}"`,
  body: [
    ...all.map(({ type, headers: more = [], body }) => [`--${boundary}`, `Content-Type: ${type}`, ...more, '', body].join(CRLF)),
    `--${boundary}--`,
  ].join(CRLF),
});

const text = (body: string): Part => ({ type: 'text/plain; charset=utf-8', body });
const html = (body: string): Part => ({ type: 'text/html; charset=utf-8', body });
const attached = (type: string, name: string, content: string | Buffer, more: string[] = []): Part => ({
  type,
  headers: [`Content-Disposition: attachment; filename="${name}"`, 'Content-Transfer-Encoding: base64', ...more],
  body: base64(content),
});

const PDF = '%PDF-1.4\n%âãÏÓ\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n';
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);
const ICS = lines(
  'BEGIN:VCALENDAR',
  'VERSION:2.0',
  'METHOD:REQUEST',
  'BEGIN:VEVENT',
  'UID:1',
  'SUMMARY:Stocktaking',
  'END:VEVENT',
  'END:VCALENDAR',
);
const TNEF = Buffer.from('789f3e2201069008000400000000000100', 'hex');
const utf8Body = { 'MIME-Version': '1.0', 'Content-Type': 'text/plain; charset=utf-8', 'Content-Transfer-Encoding': '8bit' };

export const messages: Message[] = [
  { name: 'plain text', raw: aMail(), sees: { subject: 'Order 1', text: 'Good morning.\n', html: null, attachments: [] } },
  {
    name: 'bare line feeds',
    raw: aMail({}, 'one\ntwo\n').replaceAll(CRLF, '\n'),
    sees: { subject: 'Order 1', text: 'one\ntwo\n' },
  },
  { name: 'no subject', raw: aMail({ Subject: null }), sees: { subject: '' } },
  { name: 'no body', raw: aMail({}, ''), sees: { text: '' } },
  { name: 'no date', raw: aMail({ Date: null }), sees: { date: null } },
  {
    name: 'a date with a zone',
    raw: aMail({ Date: 'Mon, 23 Nov 2026 08:00:00 +0530' }),
    sees: { date: '2026-11-23T02:30:00.000Z' },
  },
  {
    name: 'a date with an old zone name',
    raw: aMail({ Date: 'Mon, 23 Nov 2026 08:00:00 EST' }),
    sees: { date: '2026-11-23T13:00:00.000Z' },
  },
  { name: 'a date that is none', raw: aMail({ Date: 'tomorrow, I think' }), sees: { date: null } },
  {
    name: 'a subject in quoted-printable words',
    raw: aMail({ Subject: '=?utf-8?Q?Gr=C3=B6=C3=9Fe_f=C3=BCr_M=C3=BCller?=' }),
    sees: { subject: 'Größe für Müller' },
  },
  { name: 'a subject in base64 words', raw: aMail({ Subject: '=?UTF-8?B?5rOo5paH5pu4?=' }), sees: { subject: '注文書' } },
  { name: 'a subject in ISO-2022-JP', raw: aMail({ Subject: '=?ISO-2022-JP?B?GyRCQ21KOBsoQg==?=' }), sees: { subject: '注文' } },
  { name: 'a subject in KOI8-R', raw: aMail({ Subject: '=?koi8-r?B?+sHLwdo=?=' }), sees: { subject: 'Заказ' } },
  {
    name: 'a character cut between two words of a subject',
    raw: aMail({ Subject: '=?utf-8?B?w7bD?= =?utf-8?B?tg==?=' }),
    sees: { subject: 'öö' },
  },
  { name: 'a folded subject', raw: aMail({ Subject: `Order 17${CRLF} of November` }), sees: { subject: 'Order 17 of November' } },
  { name: 'a raw UTF-8 subject', raw: aMail({ Subject: 'Bestellung für Köln' }), sees: { subject: 'Bestellung für Köln' } },
  { name: 'an emoji in the subject', raw: aMail({ Subject: '=?utf-8?Q?=F0=9F=8E=89_done?=' }), sees: { subject: '🎉 done' } },
  {
    name: 'a name in quotes with a comma',
    raw: aMail({ From: '"Lovelace, Ada" <ada@example.com>' }),
    sees: { from: { name: 'Lovelace, Ada', address: 'ada@example.com' } },
  },
  {
    name: 'a name in words',
    raw: aMail({ From: '=?iso-8859-1?Q?J=F6rg_M=FCller?= <joerg@example.com>' }),
    sees: { from: { name: 'Jörg Müller', address: 'joerg@example.com' } },
  },
  { name: 'an address alone', raw: aMail({ From: 'ada@example.com' }), sees: { from: { name: '', address: 'ada@example.com' } } },
  {
    name: 'an address with a remark',
    raw: aMail({ From: 'ada@example.com (Ada Lovelace)' }),
    sees: { from: { name: 'Ada Lovelace', address: 'ada@example.com' } },
  },
  {
    name: 'an address in the name',
    raw: aMail({ From: '"boss@example.org" <ada@example.com>' }),
    sees: { from: { name: 'boss@example.org', address: 'ada@example.com' } },
  },
  {
    name: 'many recipients',
    raw: aMail({ To: 'a@example.org, "B, C" <b@example.org>', Cc: 'c@example.org' }),
    sees: {
      to: [
        { name: '', address: 'a@example.org' },
        { name: 'B, C', address: 'b@example.org' },
      ],
      cc: [{ name: '', address: 'c@example.org' }],
    },
  },
  {
    name: 'a group of recipients',
    raw: aMail({ To: 'Team: a@example.org, B <b@example.org>;' }),
    sees: {
      to: [
        { name: '', address: 'a@example.org' },
        { name: 'B', address: 'b@example.org' },
      ],
    },
  },
  { name: 'undisclosed recipients', raw: aMail({ To: 'undisclosed-recipients:;' }), sees: { to: [], cc: [] } },
  {
    name: 'text in quoted-printable with soft breaks',
    raw: aMail({ ...utf8Body, 'Content-Transfer-Encoding': 'quoted-printable' }, lines('Gr=C3=BC=C3=9Fe, 3 =3D=', ' drei')),
    sees: { text: 'Grüße, 3 = drei\n' },
  },
  {
    name: 'text in base64',
    raw: aMail({ ...utf8Body, 'Content-Transfer-Encoding': 'base64' }, base64('Grüße\n') + CRLF),
    sees: { text: 'Grüße\n' },
  },
  { name: 'text in 8 bit UTF-8', raw: aMail(utf8Body, lines('Grüße')), sees: { text: 'Grüße\n' } },
  {
    name: 'text in ISO-8859-1',
    raw: latin1(aMail({ ...utf8Body, 'Content-Type': 'text/plain; charset=ISO-8859-1' }, lines('Grüße'))),
    sees: { text: 'Grüße\n' },
  },
  {
    name: 'text in windows-1252 with typographic quotes',
    raw: latin1(aMail({ ...utf8Body, 'Content-Type': 'text/plain; charset=windows-1252' }, lines('\x84Ja\x93 \x80'))),
    sees: { text: '„Ja“ €\n' },
  },
  {
    name: 'text in Shift_JIS',
    raw: aMail(
      { ...utf8Body, 'Content-Type': 'text/plain; charset=Shift_JIS', 'Content-Transfer-Encoding': 'base64' },
      'ko2Vtg==\r\n',
    ),
    sees: { text: '注文' },
  },
  {
    name: 'text in GB18030',
    raw: aMail(
      { ...utf8Body, 'Content-Type': 'text/plain; charset=gb18030', 'Content-Transfer-Encoding': 'base64' },
      'tqm1pQ==\r\n',
    ),
    sees: { text: '订单' },
  },
  {
    name: 'a charset that nobody knows',
    raw: aMail({ ...utf8Body, 'Content-Type': 'text/plain; charset=x-made-up' }, lines('plain enough')),
    sees: { text: 'plain enough\n' },
  },
  {
    name: 'format=flowed',
    raw: aMail(
      { ...utf8Body, 'Content-Type': 'text/plain; charset=utf-8; format=flowed' },
      lines('one line ', 'of text', 'another'),
    ),
    sees: { text: 'one line of text\nanother\n' },
  },
  {
    name: 'HTML alone',
    raw: aMail({ ...utf8Body, 'Content-Type': 'text/html; charset=utf-8' }, lines('<p>Order <b>17</b></p>')),
    sees: { html: '<p>Order <b>17</b></p>\n' },
  },
  {
    name: 'text and HTML',
    raw: parts('alternative', [text('Order 17'), html('<p>Order 17</p>')]),
    sees: { text: 'Order 17\n', html: '<p>Order 17</p>\n', attachments: [] },
  },
  {
    name: 'a PDF',
    raw: parts('mixed', [text('see the file'), attached('application/pdf', 'order.pdf', PDF)]),
    sees: {
      text: 'see the file\n',
      attachments: [{ name: 'order.pdf', content_type: 'application/pdf', size: Buffer.byteLength(PDF), inline: false }],
    },
  },
  {
    name: 'an inline image with its cid',
    raw: parts('related', [
      html('<img src="cid:logo@x">'),
      {
        type: 'image/png; name="logo.png"',
        headers: ['Content-ID: <logo@x>', 'Content-Disposition: inline', 'Content-Transfer-Encoding: base64'],
        body: base64(PNG),
      },
    ]),
    sees: {
      html: '<img src="cid:logo@x">\n',
      attachments: [{ name: 'logo.png', content_id: 'logo@x', inline: true, size: PNG.length }],
    },
  },
  {
    name: 'text, HTML, its image and a file, as Outlook nests them',
    raw: parts('mixed', [
      nested('related', 'in1', [
        nested('alternative', 'in2', [text('Hello'), html('<p>Hello <img src="cid:i1"></p>')]),
        { type: 'image/png', headers: ['Content-ID: <i1>', 'Content-Transfer-Encoding: base64'], body: base64(PNG) },
      ]),
      attached('text/csv', 'stock.csv', 'sku;n\nA;1\n'),
    ]),
    sees: {
      text: 'Hello\n',
      attachments: [
        { content_type: 'image/png', content_id: 'i1', name: 'attachment-1.png' },
        { name: 'stock.csv', content_type: 'text/csv' },
      ],
    },
  },
  {
    name: 'a forwarded message',
    raw: parts('mixed', [
      text('see below'),
      { type: 'message/rfc822', headers: ['Content-Disposition: attachment'], body: aMail({ Subject: 'inner' }, 'inner text') },
    ]),
    sees: {
      subject: 'Order 1',
      text: 'see below\n',
      attachments: [{ name: 'attachment-1.eml', content_type: 'message/rfc822' }],
    },
  },
  {
    name: 'a message forwarded inline, which is an attachment too',
    raw: parts('mixed', [text('see below'), { type: 'message/rfc822', body: aMail({ Subject: 'inner' }, 'inner text') }]),
    sees: { text: 'see below\n', attachments: [{ content_type: 'message/rfc822' }] },
  },
  {
    name: 'TNEF, named and not opened',
    raw: parts('mixed', [text('from Outlook'), attached('application/ms-tnef', 'winmail.dat', TNEF)]),
    sees: { attachments: [{ name: 'winmail.dat', content_type: 'application/ms-tnef', size: TNEF.length }] },
  },
  {
    name: 'an invitation',
    raw: parts('alternative', [text('You are invited'), { type: 'text/calendar; charset=utf-8; method=REQUEST', body: ICS }]),
    sees: { text: 'You are invited\n', attachments: [{ content_type: 'text/calendar', name: 'attachment-1.ics' }] },
  },
  {
    name: 'a zip that stays closed',
    raw: parts('mixed', [
      text('zipped'),
      attached('application/zip', 'a.zip', Buffer.from('504b0506000000000000000000000000000000000000', 'hex')),
    ]),
    sees: { attachments: [{ name: 'a.zip', content_type: 'application/zip', size: 22 }] },
  },
  {
    name: 'a file name in RFC 2231 parts',
    raw: parts('mixed', [
      text('x'),
      {
        type: 'application/octet-stream',
        headers: ["Content-Disposition: attachment; filename*0*=UTF-8''Gr%C3%B6%C3%9F; filename*1*=e.txt"],
        body: 'abc',
      },
    ]),
    sees: { attachments: [{ name: 'Größe.txt' }] },
  },
  {
    name: 'a file name in words',
    raw: parts('mixed', [text('x'), attached('text/plain', '=?utf-8?B?UmVjaG51bmcgw6QucGRm?=', 'abc')]),
    sees: { attachments: [{ name: 'Rechnung ä.pdf' }] },
  },
  {
    name: 'a file name that climbs',
    raw: parts('mixed', [text('x'), attached('text/plain', '../../../etc/passwd', 'abc')]),
    sees: { attachments: [{ name: 'passwd' }] },
  },
  {
    name: 'a file name of Windows',
    raw: parts('mixed', [text('x'), attached('text/plain', 'C:\\\\Users\\\\ada\\\\con.txt', 'abc')]),
    sees: { attachments: [{ name: 'con.txt' }] },
  },
  {
    name: 'a file name that reads backwards',
    raw: parts('mixed', [text('x'), attached('text/plain', '=?utf-8?B?aW52b2ljZeKArmZkcC5leGU=?=', 'abc')]),
    sees: { attachments: [{ name: 'invoicefdp.exe' }] },
  },
  {
    name: 'a file without a name',
    raw: parts('mixed', [
      text('x'),
      { type: 'application/pdf', headers: ['Content-Transfer-Encoding: base64'], body: base64(PDF) },
    ]),
    sees: { attachments: [{ name: 'attachment-1.pdf' }] },
  },
  {
    name: 'an empty file',
    raw: parts('mixed', [text('x'), attached('text/plain', 'empty.txt', '')]),
    sees: { attachments: [{ name: 'empty.txt', size: 0 }] },
  },
  {
    name: 'two files of one name',
    raw: parts('mixed', [text('x'), attached('text/plain', 'a.txt', 'one'), attached('text/plain', 'a.txt', 'three')]),
    sees: {
      attachments: [
        { name: 'a.txt', size: 3 },
        { name: 'a.txt', size: 5 },
      ],
    },
  },
  {
    name: 'a preamble and an epilogue',
    raw:
      parts('mixed', [text('inside')]).replace(`${CRLF}${CRLF}--b_mixed`, `${CRLF}${CRLF}for old readers${CRLF}--b_mixed`) +
      'after the end\r\n',
    sees: { text: 'inside\n' },
  },
  {
    name: 'a boundary of odd characters',
    raw: parts('mixed', [text('inside')], {}, "=_'()+,-./:=? 1"),
    sees: { text: 'inside\n' },
  },
  {
    name: 'an answer',
    raw: aMail({
      Subject: 'Re: Order 1',
      'In-Reply-To': '<one@example.org>',
      References: '<zero@example.org> <one@example.org>',
    }),
    sees: { in_reply_to: '<one@example.org>', headers: { references: '<zero@example.org> <one@example.org>' } },
  },
  {
    name: 'headers of the matter, and those of the way',
    raw: aMail({
      Importance: 'high',
      'Reply-To': 'desk@example.com',
      'X-Internal-Route': 'secret',
      Received: 'from a by b; Mon, 23 Nov 2026 08:00:00 +0100',
    }),
    sees: { headers: { importance: 'high', 'reply-to': 'desk@example.com' } },
  },
  {
    name: 'a bounce address of its own',
    raw: aMail({ Sender: 'list@example.com', From: 'Ada <ada@example.com>' }),
    sees: { from: { name: 'Ada', address: 'ada@example.com' }, headers: { sender: 'list@example.com' } },
  },
  {
    name: 'a dot at the beginning of a line',
    raw: aMail({}, lines('.', '..two', 'end')),
    sees: { text: '.\n..two\nend\n' },
  },
  { name: 'a line of 5,000 characters', raw: aMail({}, lines('x'.repeat(5000))), sees: { text: `${'x'.repeat(5000)}\n` } },
  {
    name: 'header names in odd case',
    raw: aMail().replace('Subject:', 'SUBJECT :'.replace(' ', '')),
    sees: { subject: 'Order 1' },
  },
];
