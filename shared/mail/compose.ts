import { oneLine } from '../kernel/words.ts';

export interface Composed {
  from: string;
  to: string;
  subject: string;
  text: string;
  date: Date;
  inReplyTo?: string | null;
  references?: string[];
  headers?: Record<string, string>;
}

/** A mail of plain text. Every header is one line, whatever its value holds. */
export function compose({ from, to, subject, text, date, inReplyTo, references = [], headers = {} }: Composed): Buffer {
  const thread = inReplyTo ? [...references.filter((id) => id !== inReplyTo), inReplyTo] : references;
  const lines = {
    From: from,
    To: to,
    Subject: encoded(subject),
    Date: date.toUTCString().replace('GMT', '+0000'),
    ...(inReplyTo && { 'In-Reply-To': inReplyTo }),
    ...(thread.length > 0 && { References: thread.join('\r\n ') }),
    ...headers,
    'MIME-Version': '1.0',
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Transfer-Encoding': 'base64',
  };
  const head = Object.entries(lines).map(
    ([name, value]) => `${name}: ${name === 'References' || name === 'Subject' ? value : oneLine(value)}`,
  );
  const body = Buffer.from(text.toWellFormed()).toString('base64').replace(/.{76}/g, '$&\r\n');
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}\r\n`);
}

/** RFC 2047: words of 45 bytes at most, no character cut in two. */
function encoded(subject: string): string {
  const line = oneLine(subject).slice(0, 500).toWellFormed();
  if (/^[\x20-\x7e]*$/.test(line) && line.length <= 200 && !line.includes('=?')) return line;
  const words: string[] = [''];
  for (const character of line) {
    const last = words.at(-1) ?? '';
    if (Buffer.byteLength(last + character) > 45) words.push(character);
    else words[words.length - 1] = last + character;
  }
  return words.map((word) => `=?utf-8?B?${Buffer.from(word).toString('base64')}?=`).join('\r\n ');
}
