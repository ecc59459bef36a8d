import * as z from 'zod';
import { lowerCase, MAIL_ADDRESS, resourceId } from '../../edge/schema.ts';
import { camelCased, viewOf } from '../../edge/snake-case.ts';
import { STAGES } from '../../run/model/status.ts';
import { addressOf, MAX_MAIL_BYTES, type Mailbox, PERMISSIONS, REPLIES } from './mailbox.ts';

const allowedSender = z
  .string()
  .max(320)
  .transform(lowerCase)
  .pipe(
    z.union([z.string().regex(MAIL_ADDRESS), z.string().regex(/^@[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/)], {
      error: 'must be a mail address or @domain',
    }),
  );

const settings = {
  enabled: z.boolean(),
  permission: z
    .enum(PERMISSIONS)
    .meta({ description: 'collaborators: the mail addresses of the holders of API keys of the project' }),
  allowed: z.array(allowedSender).max(500),
  stage: z.enum(STAGES),
  reply: z.enum(REPLIES),
  max_size: z.int().min(1024).max(MAX_MAIL_BYTES).meta({ description: 'Bytes of the raw mail' }),
};

/** All of them: what is not said becomes the default. */
export const mailboxSettings = camelCased(
  z
    .strictObject({
      enabled: settings.enabled.default(true),
      permission: settings.permission.default('collaborators'),
      allowed: settings.allowed.default([]),
      stage: settings.stage.default('Published'),
      reply: settings.reply.default('none'),
      max_size: settings.max_size.default(MAX_MAIL_BYTES),
    })
    .meta({ id: 'MailboxSettings' }),
);

/** What is not said stays as it is. */
export const mailboxChange = camelCased(z.strictObject(settings).partial().meta({ id: 'MailboxChange' }));

export const mailboxResource = z
  .object({
    id: resourceId,
    workflow_id: resourceId,
    address: z.string(),
    enabled: z.boolean(),
    permission: z.enum(PERMISSIONS),
    allowed: z.array(z.string()),
    stage: z.enum(STAGES),
    reply: z.enum(REPLIES),
    max_size: z.int(),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'Mailbox' });

export const mailboxView = (mailbox: Mailbox, domain: string) =>
  viewOf(mailboxResource, { ...mailbox, address: addressOf(mailbox, domain), maxSize: mailbox.maxBytes });
