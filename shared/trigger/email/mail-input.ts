import * as z from 'zod';
import { firstWords } from '../../kernel/words.ts';
import type { AttachedFile, Mail } from './parse-mail.ts';

/** Headers that say something about the matter. Those of the way and of the sender's own systems stay in the raw mail. */
const ALLOWED_HEADERS = [
  'reply-to',
  'sender',
  'references',
  'importance',
  'priority',
  'x-priority',
  'x-mailer',
  'user-agent',
  'content-language',
  'accept-language',
  'thread-topic',
  'thread-index',
  'organization',
  'keywords',
  'comments',
  'list-id',
];
const MAX_HEADER = 2000;

export interface StoredAttachment {
  fileId: string;
  file: AttachedFile;
}

/** The run's input. */
export function inputOf(mail: Mail, attachments: StoredAttachment[]): Record<string, unknown> {
  return {
    subject: mail.subject,
    from: mail.from,
    to: mail.to,
    cc: mail.cc,
    date: mail.date,
    text: mail.text,
    html: mail.html,
    message_id: mail.messageId,
    in_reply_to: mail.inReplyTo,
    headers: Object.fromEntries(
      ALLOWED_HEADERS.flatMap((name) => {
        const value = mail.header(name);
        return value === undefined ? [] : [[name, firstWords(value, MAX_HEADER)]];
      }),
    ),
    attachments: attachments.map(({ fileId, file }) => ({
      file_id: fileId,
      name: file.name,
      content_type: file.contentType,
      size: file.bytes.length,
      sha256: file.sha256,
      inline: file.inline,
      content_id: file.contentId,
    })),
  };
}

const objectSchema = z.looseObject({
  properties: z.record(z.string(), z.unknown()).default({}),
  additionalProperties: z.unknown().optional(),
});
const typed = z.looseObject({ type: z.union([z.string(), z.array(z.string())]) });

/**
 * As much of the input as the workflow asks for: what a closed schema does not name is left out, and so is what the mail does not have where the
 * schema wants no null.
 */
export function narrowed(input: Record<string, unknown>, schema: unknown): Record<string, unknown> {
  const wanted = objectSchema.safeParse(schema).data;
  if (!wanted) return input;
  const closed = wanted.additionalProperties === false;
  return Object.fromEntries(
    Object.entries(input).filter(([name, value]) => {
      if (!Object.hasOwn(wanted.properties, name)) return !closed;
      const type = typed.safeParse(wanted.properties[name]).data?.type;
      return value !== null || type === undefined || [type].flat().includes('null');
    }),
  );
}
