import * as z from 'zod';
import { actor, page, resourceId, words } from '../../edge/schema.ts';
import { camelCased, viewOf } from '../../edge/snake-case.ts';
import { parseJson } from '../../kernel/json.ts';
import type { EventRule } from './event-rule.ts';

const object = z.record(z.string(), z.unknown());

const source = words(256).meta({ description: 'The source of EventBridge, whole: millrun/examples/book, aws.s3' });
const detailType = words(128).meta({ description: 'The detail-type of EventBridge, whole: order.booked' });
/** Kept as text: it is data of its author. */
const pattern = object
  .meta({
    description:
      'An event pattern of EventBridge: exact values, prefix, suffix, equals-ignore-case, anything-but, exists, numeric. All that is said must hold',
  })
  .transform((said) => JSON.stringify(said));
const mapping = z.string().min(1).max(20_000).meta({ description: 'JSONata from {detail, event} to inputs' });
const condition = z.string().min(1).max(20_000).meta({
  description: 'JSONata condition over {detail, event}: an event that does not meet it is skipped',
});

export const newEventRule = camelCased(
  z.strictObject({
    name: words(100),
    source: source.optional(),
    detail_type: detailType.optional(),
    pattern: pattern.optional(),
    mapping: mapping.optional(),
    if: condition.optional(),
    enabled: z.boolean().default(true),
  }),
);

export const changedEventRule = camelCased(
  z.strictObject({
    name: words(100).optional(),
    enabled: z.boolean().optional(),
    source: source.nullable().optional(),
    detail_type: detailType.nullable().optional(),
    pattern: pattern.nullable().optional(),
    mapping: mapping.nullable().optional(),
    if: condition.nullable().optional(),
  }),
);

export const eventRuleEntry = z
  .object({
    id: resourceId,
    workflow_id: resourceId,
    project_id: z.string(),
    name: z.string(),
    source: z.string().nullable(),
    detail_type: z.string().nullable(),
    pattern: object.nullable(),
    mapping: z.string().nullable(),
    if: z.string().nullable(),
    enabled: z.boolean(),
    created_at: z.iso.datetime(),
    created_by: actor,
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'EventRule' });

export const eventRuleEntries = page(eventRuleEntry).meta({ id: 'EventRuleList' });

export const eventRuleView = ({ pattern: text, ...rule }: EventRule) =>
  viewOf(eventRuleEntry, {
    ...rule,
    pattern: text === undefined ? undefined : object.parse(parseJson(text)),
    projectId: rule.project,
  });
