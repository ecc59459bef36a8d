import { createHash } from 'node:crypto';
import PostalMime, { type Address, type Attachment, type Email } from 'postal-mime';
import { Problem } from '../../problem.ts';
import { firstWords, oneLine } from '../../words.ts';
import { fileName } from './file-name.ts';

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

/** Reads a mail. Throws a `Problem` for one that is no mail, is cut off, or is more than can be taken. */
export async function parseMail(raw: Buffer): Promise<Mail> {
  const email = await PostalMime.parse(raw, { forceRfc822Attachments: true, maxNestingDepth: MAX_DEPTH }).catch(unreadable);
  const header = (name: string) => email.headers.find(({ key }) => key === name)?.value;
  refuseCutOff(raw, header('content-type'));
  if (email.attachments.length > MAX_ATTACHMENTS)
    throw new Problem(
      'invalid',
      `The mail has ${email.attachments.length} attachments; ${MAX_ATTACHMENTS} are the most that are taken.`,
    );
  return {
    from: senderOf(email),
    to: peopleOf(email.to),
    cc: peopleOf(email.cc),
    subject: oneLine(email.subject ?? ''),
    date: dateOf(email),
    text: (email.text ?? '').toWellFormed(),
    html: email.html?.toWellFormed() ?? null,
    messageId: idIn(email.messageId),
    inReplyTo: idIn(email.inReplyTo),
    references: (email.references ?? '').match(/<[^<>\s]+>/g)?.slice(-50) ?? [],
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

/** A list of parts says where it ends; one that does not has been cut off on its way. */
function refuseCutOff(raw: Buffer, contentType = ''): void {
  if (!/^\s*multipart\//i.test(contentType)) return;
  const [, quoted, plain] = /;\s*boundary\s*=\s*(?:"((?:[^"\\]|\\.)+)"|([^\s;"]+))/i.exec(contentType) ?? [];
  const boundary = quoted?.replace(/\\(.)/g, '$1') ?? plain;
  if (boundary === undefined)
    throw new Problem('invalid', 'The mail cannot be read: it has parts, and no boundary between them.');
  if (raw.indexOf(`--${boundary}--`) < 0) throw new Problem('invalid', 'The mail is cut off: the end of its parts is missing.');
}

/** Two senders would let one be checked and the other be believed. */
function senderOf(email: Email): Person {
  const lines = email.headers.filter(({ key }) => key === 'from');
  if (lines.length > 1 || hasSecondAddress(lines[0]?.value ?? ''))
    throw new Problem('invalid', 'The mail names more than one sender.');
  const [sender] = peopleOf(email.from && [email.from]);
  if (!sender || !/^[^@\s<>]+@[^@\s<>]+$/.test(sender.address)) throw new Problem('invalid', 'The mail names no sender.');
  return sender;
}

/** `a@x, b@y`: what is in quotes is a name, whatever it looks like. */
function hasSecondAddress(value: string): boolean {
  const bare = value.replace(/"(?:[^"\\]|\\.)*"/g, '""').replace(/\([^()]*\)/g, '');
  return bare.split(',').filter((part) => part.includes('@')).length > 1 || (bare.match(/<[^<>]*@[^<>]*>/g)?.length ?? 0) > 1;
}

function peopleOf(addresses: Address[] | undefined): Person[] {
  const people = (addresses ?? []).flatMap((one): Person[] =>
    one.group ? one.group.map(personOf) : [personOf({ name: one.name, address: one.address ?? '' })],
  );
  return people.filter(({ address }) => address !== '').slice(0, MAX_PEOPLE);
}

const personOf = ({ name, address }: Person): Person => ({
  name: firstWords(oneLine(name), 200),
  address: firstWords(oneLine(address), 320),
});

function dateOf({ date }: Email): string | null {
  const time = Date.parse(date ?? '');
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

function idIn(value: string | undefined): string | null {
  const id = oneLine(value ?? '');
  return id === '' || id.length > MAX_ID ? null : id;
}

function attached({ filename, mimeType, content, contentId, disposition, related }: Attachment, index: number): AttachedFile {
  const bytes =
    typeof content === 'string'
      ? Buffer.from(content)
      : Buffer.from(content instanceof Uint8Array ? content : new Uint8Array(content));
  const contentType = /^[\w.+-]+\/[\w.+-]+$/.test(mimeType) && mimeType.length <= 100 ? mimeType : 'application/octet-stream';
  return {
    name: fileName(filename, contentType, index + 1),
    contentType,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    bytes,
    contentId: contentId === undefined ? null : firstWords(oneLine(contentId.replace(/^<|>$/g, '')), 200),
    inline: related === true || disposition === 'inline',
  };
}
