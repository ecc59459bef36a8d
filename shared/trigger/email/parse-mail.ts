import { createHash } from 'node:crypto';
import PostalMime, { type Address, type Attachment, type Email } from 'postal-mime';
import { Problem } from '../../kernel/problem.ts';
import { firstWords, oneLine } from '../../kernel/words.ts';
import { fileName } from './file-name.ts';
import { withShortFields } from './head.ts';
import { headerParameter } from './header-parameters.ts';
import { senderIn } from './sender-line.ts';

export interface Person {
  name: string;
  address: string;
}

export interface AttachedFile {
  name: string;
  contentType: string;
  sha256: string;
  bytes: Buffer;
  /** The name under which the HTML shows it. */
  contentId: string | null;
  inline: boolean;
}

/** A mail as workflows see it. */
export interface Mail {
  from: Person;
  to: Person[];
  cc: Person[];
  subject: string;
  date: string | null;
  text: string;
  html: string | null;
  messageId: string | null;
  inReplyTo: string | null;
  references: string[];
  attachments: AttachedFile[];
  /** The first header of that name. */
  header(name: string): string | undefined;
}

const MAX_ATTACHMENTS = 50;
const MAX_DEPTH = 50;
const MAX_PEOPLE = 500;
const MAX_ID = 1000;
const MAX_REFERENCES = 50;
/** Of a header's value. */
const MAX_VALUE = 2000;
/** 25 MiB of base64; the parser takes 9 µs for each line of a text that is not encoded. */
const MAX_LINES = 400_000;
const LINE_FEED = 10;

/** Reads a mail. Throws a `Problem` for one that is no mail, is cut off, or is more than can be taken. */
export async function parseMail(raw: Buffer): Promise<Mail> {
  refuseManyLines(raw);
  const options = { forceRfc822Attachments: true, maxNestingDepth: MAX_DEPTH };
  const email = await PostalMime.parse(withShortFields(raw), options).catch(unreadable);
  const header = (name: string) => email.headers.find(({ key }) => key === name)?.value.slice(0, MAX_VALUE);
  refuseCutOff(raw, email.headers.find(({ key }) => key === 'content-type')?.value);
  if (email.attachments.length > MAX_ATTACHMENTS)
    throw new Problem(
      'invalid',
      `The mail has ${email.attachments.length} attachments; ${MAX_ATTACHMENTS} are the most that are taken.`,
    );
  return {
    from: senderOf(email),
    to: peopleOf(email.to),
    cc: peopleOf(email.cc),
    subject: firstWords(oneLine(email.subject ?? ''), MAX_VALUE),
    date: dateOf(email),
    text: (email.text ?? '').toWellFormed(),
    html: email.html?.toWellFormed() ?? null,
    messageId: idsIn(email.messageId)[0] ?? null,
    inReplyTo: idsIn(email.inReplyTo)[0] ?? null,
    references: idsIn(email.references).slice(-MAX_REFERENCES),
    attachments: email.attachments.map(attached),
    header: (name) => {
      const value = header(name);
      return value === undefined ? undefined : oneLine(value);
    },
  };
}

function unreadable(error: unknown): never {
  throw new Problem(
    'invalid',
    `The mail cannot be read: ${error instanceof Error ? firstWords(error.message, 200) : 'it is not MIME'}.`,
  );
}

function refuseManyLines(raw: Buffer): void {
  let lines = 0;
  for (let at = raw.indexOf(LINE_FEED); at >= 0; at = raw.indexOf(LINE_FEED, at + 1))
    if (++lines > MAX_LINES) throw new Problem('invalid', `The mail has more than ${MAX_LINES} lines.`);
}

/** A list of parts says where it ends; one that does not has been cut off on its way. */
function refuseCutOff(raw: Buffer, contentType = ''): void {
  if (!/^\s*multipart\//i.test(contentType)) return;
  const boundary = headerParameter(contentType, 'boundary') ?? '';
  if (boundary === '') throw new Problem('invalid', 'The mail cannot be read: it has parts, and no boundary between them.');
  if (raw.indexOf(`--${boundary}--`) < 0) throw new Problem('invalid', 'The mail is cut off: the end of its parts is missing.');
}

/** Two senders would let one be checked and the other be believed. */
function senderOf(email: Email): Person {
  const [line, ...more] = email.headers.filter(({ key }) => key === 'from');
  const sender = more.length > 0 ? { kind: 'several' as const } : senderIn(line?.value ?? '');
  if (sender.kind === 'several') throw new Problem('invalid', 'The mail names more than one sender.');
  if (sender.kind === 'none') throw new Problem('invalid', 'The mail names no sender.');
  return personOf(sender);
}

/** A name with a comma that is not quoted looks like several people, all but the last without an address. */
function peopleOf(addresses: Address[] | undefined): Person[] {
  const people: Person[] = [];
  let names: string[] = [];
  for (const one of (addresses ?? []).flatMap((entry) => entry.group ?? [entry])) {
    names.push(one.name);
    if (!one.address) continue;
    people.push(personOf({ name: names.filter(Boolean).join(', '), address: one.address }));
    names = [];
  }
  return people.slice(0, MAX_PEOPLE);
}

const personOf = ({ name, address }: Person): Person => ({
  name: firstWords(oneLine(name), 200),
  address: firstWords(oneLine(address), 320),
});

function dateOf({ date }: Email): string | null {
  const time = Date.parse(date ?? '');
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

/** What stands in brackets, which is the only form an id has. */
const idsIn = (value = ''): string[] => (value.match(/<[^<>\s]+>/g) ?? []).filter((id) => id.length <= MAX_ID);

function attached({ filename, mimeType, content, contentId, disposition, related }: Attachment, index: number): AttachedFile {
  const bytes = bufferOver(content);
  const contentType = /^[\w.+-]+\/[\w.+-]+$/.test(mimeType) && mimeType.length <= 100 ? mimeType : 'application/octet-stream';
  return {
    name: fileName(filename, contentType, index + 1),
    contentType,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    bytes,
    contentId: contentId === undefined ? null : firstWords(oneLine(contentId.slice(0, MAX_ID).replace(/^<|>$/g, '')), 200),
    inline: related === true || disposition === 'inline',
  };
}

/** The same memory: files are large, and there may be fifty. */
function bufferOver(content: Attachment['content']): Buffer {
  if (typeof content === 'string') return Buffer.from(content);
  return content instanceof Uint8Array
    ? Buffer.from(content.buffer, content.byteOffset, content.byteLength)
    : Buffer.from(content);
}
