import { type Header, headerIn, headersOf } from './headers.ts';

const CHECKS = ['spam', 'virus', 'spf', 'dkim', 'dmarc'] as const;
type Verdicts = Record<(typeof CHECKS)[number], string>;

export interface Received {
  messageId: string;
  at: Date;
  /** Envelope sender; empty for a bounce. */
  source: string;
  recipients: string[];
  raw: Buffer;
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

/** The mail as SES stores it: with what it has found out above what the sender wrote. */
export function stampedMail({ messageId, at, source, recipients, raw }: Received): Buffer {
  const { spam, virus, spf, dkim, dmarc } = verdictsIn(headersOf(raw));
  const lines = [
    `Return-Path: <${source}>`,
    `Received: by inbound-smtp.localhost with SMTP id ${messageId} for ${recipients[0] ?? ''}; ${at.toUTCString().replace('GMT', '+0000')}`,
    `X-SES-Spam-Verdict: ${spam}`,
    `X-SES-Virus-Verdict: ${virus}`,
    `Authentication-Results: amazonses.com; spf=${spf.toLowerCase()}; dkim=${dkim.toLowerCase()}; dmarc=${dmarc.toLowerCase()};`,
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n`), raw]);
}

/** What the Lambda action of a receipt rule sends. */
export function sesEvent({ messageId, at, source, recipients, raw }: Received, functionArn: string, stamped: Buffer): object {
  const verdicts = verdictsIn(headersOf(raw));
  const headers = headersOf(stamped);
  const timestamp = at.toISOString();
  const common = (name: string) => headerIn(headers, name);
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
            headersTruncated: headers.length > MOST_HEADERS,
            headers: headers.slice(0, MOST_HEADERS),
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

const MOST_HEADERS = 100;
