import * as z from 'zod';
import type { LeafKind } from './kind.ts';

const TYPE = /^[\x21-\x7e]+$/;
const SOURCE = /^(?!aws\.)[\x21-\x7e]+$/;

/** The form of an emit step after evaluation. */
export type EmitSpec = z.infer<typeof resolved>;

const type = z
  .string()
  .max(128, 'must have 128 characters at most')
  .regex(TYPE, 'must be a word such as order.booked, without spaces');
const source = z
  .string()
  .max(256, 'must have 256 characters at most')
  .regex(SOURCE, 'must be a word such as shop/orders, without spaces and not of aws');

const resolved = z.strictObject({
  type,
  source: source.nullish(),
  subject: z
    .string()
    .min(1, 'must not be empty')
    .max(500, 'must have 500 characters at most')
    .regex(/^[^\p{Cc}]*$/u, 'must be one line, without control characters')
    .nullish(),
  data: z.unknown(),
});

/** Tells the event bus of the installation what has happened, as a CloudEvent; its result is the id of the event. */
export const emit: LeafKind<EmitSpec> = {
  shape: 'leaf',
  name: 'emit',
  schema: z.strictObject({
    type: z
      .string()
      .min(1)
      .meta({ examples: ['order.booked'] })
      .describe('What has happened, in a word.'),
    source: z.string().min(1).describe('Where it has happened; millrun/<project>/<workflow> unless given.').optional(),
    subject: z.string().min(1).describe('What it has happened to, such as the id of an order.').optional(),
    data: z.unknown().describe('What there is to know of it.'),
  }),
  resolved,
};
