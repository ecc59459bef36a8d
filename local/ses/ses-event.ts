import { type Header, headerIn } from './headers.ts';

const CHECKS = ['spam', 'virus', 'spf', 'dkim', 'dmarc'] as const;
type Verdicts = Record<(typeof CHECKS)[number], string>;

export interface Received {
  messageId: string;
  at: Date;
  /** Envelope sender; empty for a bounce. */
  source: string;
  /** What the client called itself. */
  greeting: string;
  recipients: string[];
  /** What the sender wrote above the text. */
  headers: Header[];
}

/**
 * Nothing is checked on this machine: every check passes, unless the sender asks for another verdict in a header such as `X-SES-Spam-Verdict: FAIL` or
 * `X-SES-DMARC-Verdict: GRAY`. SES itself takes no such wishes.
 */
function verdictsIn(headers: Header[]): Verdicts {
  const wish = (check: string) => headerIn(headers, `x-ses-${check}-verdict`)?.toUpperCase();
  const of = (check: string) => (/^(PASS|FAIL|GRAY|PROCESSING_FAILED|DISABLED)$/.exec(wish(check) ?? '') ?? ['PASS'])[0];
  return { spam: of('spam'), virus: of('virus'), spf: of('spf'), dkim: of('dkim'), dmarc: of('dmarc') };
}

/** What SES writes above a mail when it stores it. The greeting stands in it as the client gave it, whatever it holds. */
export function stampOf({ messageId, at, source, greeting, recipients, headers }: Received): Header[] {
  const { spam, virus, spf, dkim, dmarc } = verdictsIn(headers);
  const checked = `client-ip=127.0.0.1; envelope-from=${source}; helo=${greeting};`;
  const lower = { spf: spf.toLowerCase(), dkim: dkim.toLowerCase(), dmarc: dmarc.toLowerCase() };
  const received = `from ${greeting} by inbound-smtp.localhost with SMTP id ${messageId} for ${recipients[0] ?? ''}`;
  return [
    { name: 'Return-Path', value: `<${source}>` },
    { name: 'Received', value: `${received}; ${at.toUTCString().replace('GMT', '+0000')}` },
    { name: 'X-SES-Spam-Verdict', value: spam },
    { name: 'X-SES-Virus-Verdict', value: virus },
    { name: 'Received-SPF', value: `${lower.spf} ${checked}` },
    {
      name: 'Authentication-Results',
      value: `amazonses.com; spf=${lower.spf} ${checked} dkim=${lower.dkim}; dmarc=${lower.dmarc};`,
    },
  ];
}

export const writtenHeaders = (headers: Header[]) =>
  Buffer.from(headers.map(({ name, value }) => `${name}: ${value}\r\n`).join(''));

/** What the Lambda action of a receipt rule sends. */
export function sesEvent(received: Received, functionArn: string): object {
  const { messageId, at, source, recipients } = received;
  const verdicts = verdictsIn(received.headers);
  const all = [...stampOf(received), ...received.headers];
  const headers = firstOf(all);
  const timestamp = at.toISOString();
  const common = (name: string) => headerIn(all, name)?.slice(0, MOST_HEADER_CHARACTERS);
  return {
    Records: [
      {
        eventSource: 'aws:ses',
        eventVersion: '1.0',
        ses: {
          mail: {
            timestamp,
            source,
            messageId,
            destination: recipients,
            headersTruncated: headers.length < all.length,
            headers,
            commonHeaders: {
              returnPath: source,
              from: [common('from') ?? ''],
              to: [common('to') ?? ''],
              date: common('date'),
              messageId: common('message-id'),
              subject: common('subject'),
            },
          },
          receipt: {
            timestamp,
            processingTimeMillis: 1,
            recipients,
            ...Object.fromEntries(CHECKS.map((check) => [`${check}Verdict`, { status: verdicts[check] }])),
            action: { type: 'Lambda', functionArn, invocationType: 'Event' },
          },
        },
      },
    ],
  };
}

/** SES leaves out of an event what is more than 10 KB of headers. */
const MOST_HEADER_CHARACTERS = 10 * 1024;

function firstOf(headers: Header[]): Header[] {
  let left = MOST_HEADER_CHARACTERS;
  const end = headers.findIndex(({ name, value }) => {
    left -= name.length + value.length;
    return left < 0;
  });
  return end < 0 ? headers : headers.slice(0, end);
}
