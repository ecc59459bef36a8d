import * as z from 'zod';
import { actor, page, resourceId, words } from '../../edge/schema.ts';
import { camelCased, viewOf } from '../../edge/snake-case.ts';
import { secondsOf } from '../../expression/duration.ts';
import { sampleCurl } from './sample.ts';
import type { Revealed } from './save-webhook.ts';
import { SCHEMES, USUAL_DEDUPE_WINDOW, type Webhook } from './webhook.ts';

const headerName = z
  .string()
  .max(100)
  .regex(/^[A-Za-z0-9-]+$/, 'must be the name of a header')
  .transform((name) => name.toLowerCase());

const mapping = z.string().min(1).max(20_000).meta({ description: 'JSONata from {body, headers, query} to inputs' });
const condition = z.string().min(1).max(20_000).meta({
  description: 'JSONata condition over {body, headers, query}: a request that does not meet it is skipped',
});
const LONGEST_WINDOW_SECONDS = 30 * 86_400;
const dedupeWindow = z
  .string()
  .refine(
    (text) => text === '0s' || (secondsOf(text) ?? Number.POSITIVE_INFINITY) <= LONGEST_WINDOW_SECONDS,
    'must be a duration such as 30s, 5m or 2h, 30d at most, or 0s for never',
  )
  .meta({
    description: 'For how long the same body counts as the same delivery again, where nothing names the delivery; 0s for never',
  });
const secret = z.string().min(1).max(200);

export const newWebhook = camelCased(
  z
    .strictObject({
      name: words(100),
      scheme: z.enum(SCHEMES),
      header: headerName.optional().meta({ description: 'Of the scheme sha256: which header has the signature' }),
      prefix: z
        .string()
        .max(50)
        .regex(/^[\u0021-\u007e]*$/, 'must be printable')
        .optional()
        .meta({ description: 'Of the scheme sha256: what stands before the signature' }),
      encoding: z.enum(['hex', 'base64']).optional().meta({ description: 'Of the scheme sha256' }),
      delivery_header: headerName
        .optional()
        .meta({ description: 'Which header names a delivery, when it is not one of the usual' }),
      mapping: mapping.optional(),
      if: condition.optional(),
      dedupe_window: dedupeWindow.default(USUAL_DEDUPE_WINDOW),
      enabled: z.boolean().default(true),
      secret: secret.optional().meta({ description: 'Where the sender has chosen it; made here when absent' }),
    })
    .refine(({ scheme, header, prefix, encoding }) => scheme === 'sha256' || !(header ?? prefix ?? encoding), {
      path: ['header'],
      error: 'header, prefix and encoding can be chosen for the scheme sha256 only',
    }),
);

export const changedWebhook = camelCased(
  z.strictObject({
    name: words(100).optional(),
    enabled: z.boolean().optional(),
    mapping: mapping.nullable().optional(),
    if: condition.nullable().optional(),
    dedupe_window: dedupeWindow.optional(),
  }),
);

export const rotation = camelCased(
  z.strictObject({
    secret: secret.optional(),
    keep_hours: z.int().min(0).max(720).default(24).meta({ description: 'How long the secret before stays valid' }),
  }),
);

export const testRequest = z
  .strictObject({
    body: z.unknown().optional().meta({ description: 'JSON that is sent; a body of its own each time when absent' }),
  })
  .default({});

export const webhookEntry = z
  .object({
    id: resourceId,
    workflow_id: resourceId,
    project_id: z.string(),
    name: z.string(),
    scheme: z.enum(SCHEMES),
    header: z.string().nullable(),
    prefix: z.string().nullable(),
    encoding: z.enum(['hex', 'base64']).nullable(),
    delivery_header: z.string().nullable(),
    mapping: z.string().nullable(),
    if: z.string().nullable(),
    dedupe_window: z.string(),
    enabled: z.boolean(),
    url: z.string().nullable().meta({ description: 'Null where the URL is the secret: it was shown once' }),
    secrets: z.array(z.object({ created_at: z.string(), valid_until: z.string().nullable() })),
    warning: z.string().nullable(),
    created_at: z.iso.datetime(),
    created_by: actor,
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'Webhook' });

export const webhookEntries = page(webhookEntry).meta({ id: 'WebhookList' });

export const revealedWebhook = webhookEntry
  .extend({
    url: z.string(),
    secret: z.string().nullable().meta({ description: 'Shown this once; null where the URL is the secret' }),
    curl: z.string().meta({ description: 'A signed request to try it with' }),
    curl_valid_until: z.iso.datetime().nullable(),
  })
  .meta({ id: 'RevealedWebhook' });

const UNSIGNED =
  'Nothing is signed: whoever learns the URL can start runs with any content, and it stands in logs of proxies and senders. Use a scheme with signatures if the sender has one.';

const hookUrl = (origin: string, { id }: Webhook, token: string) => `${origin}/hooks/${id}/${token}`;

const shown = (webhook: Webhook, origin: string) => ({
  ...webhook,
  ...webhook.signature,
  projectId: webhook.project,
  url: webhook.token === undefined ? null : hookUrl(origin, webhook, webhook.token),
  secrets: webhook.secrets.map(({ createdAt, until }) => ({ createdAt, validUntil: until })),
  warning: webhook.scheme === 'none' ? UNSIGNED : null,
});

export const webhookView = (webhook: Webhook, origin: string) => viewOf(webhookEntry, shown(webhook, origin));

export function revealedView({ webhook, secret }: Revealed, origin: string, now: Date) {
  const url = hookUrl(origin, webhook, webhook.token ?? secret);
  const { curl, until } = sampleCurl(webhook, url, secret, now);
  const revealed = webhook.token === undefined ? null : secret;
  return viewOf(revealedWebhook, { ...shown(webhook, origin), url, secret: revealed, curl, curlValidUntil: until });
}
