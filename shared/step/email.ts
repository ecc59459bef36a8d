import * as z from 'zod';
import { jsonNumber } from '../kernel/json-number.ts';
import { mailAddress } from '../kernel/mail-address.ts';
import type { LeafKind } from './kind.ts';

/** What SES takes, all fields together. */
const MOST_RECIPIENTS = 50;
const MOST_ATTACHMENTS = 20;
const SUBJECT_CHARS = 500;

/** The form of an email step after evaluation. */
export type EmailSpec = z.infer<typeof resolved>;

const oneOrMore = (words: string) =>
  z.union([z.string(), z.array(z.string()).min(1)], { error: `must be ${words}, or a list of them` });
const someone = () => oneOrMore('a mail address').meta({ examples: ['ada@example.com'] });

const authored = z
  .strictObject({
    to: someone().describe('Who gets it.'),
    cc: someone().describe('Who gets a copy.').optional(),
    bcc: someone().describe('Who gets a copy that nobody sees.').optional(),
    subject: z.string().describe('What it is about, in a line.'),
    text: z.string().describe('What it says, as plain text.').optional(),
    html: z.string().describe('What it says, as HTML; programs that show none show the text.').optional(),
    attachments: oneOrMore('the id of a file').describe('Ids of files that go with it.').optional(),
    reply_to: someone().describe('Where answers go, instead of to the sender.').optional(),
    connection: z.string().min(1).describe('A connection of type smtp; by SES unless given.').optional(),
  })
  .refine(({ text, html }) => text !== undefined || html !== undefined, 'needs a text or html');

const words = z.union([z.string(), jsonNumber, z.boolean()], 'must be a text').transform((given) => String(given).toWellFormed());

const addresses = z
  .union([mailAddress.transform((one) => [one]), z.array(mailAddress)], { error: 'must be a mail address, or a list of them' })
  .nullish()
  .transform((given) => given ?? []);

const resolved = z
  .strictObject({
    to: addresses.pipe(z.array(z.string()).min(1, 'needs at least one address')),
    cc: addresses,
    bcc: addresses,
    // A line break would begin another header.
    subject: words.pipe(
      z
        .string()
        .max(SUBJECT_CHARS, `must have ${SUBJECT_CHARS} characters at most`)
        .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u, 'must be one line, without control characters'),
    ),
    text: words.nullish(),
    html: words.nullish(),
    attachments: z
      .union([z.string().transform((one) => [one]), z.array(z.string().min(1, 'must be the id of a file'))], {
        error: 'must be the id of a file, or a list of them',
      })
      .nullish()
      .transform((ids) => ids ?? [])
      .pipe(z.array(z.string()).max(MOST_ATTACHMENTS, `must name ${MOST_ATTACHMENTS} files at most`)),
    reply_to: addresses,
    connection: z.string().min(1).nullish(),
  })
  .refine(({ text, html }) => Boolean(text || html), 'needs a text or html')
  .refine(({ to, cc, bcc }) => to.length + cc.length + bcc.length <= MOST_RECIPIENTS, {
    path: ['to'],
    error: `names more than ${MOST_RECIPIENTS} people, cc and bcc counted; send several mails`,
  });

/** Sends a mail, once. */
export const email: LeafKind<EmailSpec> = {
  shape: 'leaf',
  name: 'email',
  schema: authored,
  resolved,
  // A mail cannot be taken back, and no mail server tells whether it has it already.
  repeatable: false,
  resultNames: () => ['messageId', 'refused'],
};
