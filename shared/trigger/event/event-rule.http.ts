import * as z from 'zod';
import { page, words } from '../../edge/schema.ts';
import { camelCased, viewOf } from '../../edge/snake-case.ts';
import { parseJson } from '../../kernel/json.ts';
import { triggerSchemas } from '../expression/trigger.http.ts';
import { EVENT, type EventRule } from './event-rule.ts';

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
const { made, changed, head, foot } = triggerSchemas(EVENT);

export const newEventRule = camelCased(
  z.strictObject({
    name: words(100),
    source: source.optional(),
    detail_type: detailType.optional(),
    pattern: pattern.optional(),
    ...made,
  }),
);

export const changedEventRule = camelCased(
  z.strictObject({
    ...changed,
    source: source.nullable().optional(),
    detail_type: detailType.nullable().optional(),
    pattern: pattern.nullable().optional(),
  }),
);

export const eventRuleEntry = z
  .object({
    ...head,
    source: z.string().nullable(),
    detail_type: z.string().nullable(),
    pattern: object.nullable(),
    ...foot,
  })
  .meta({ id: 'EventRule' });

export const eventRuleEntries = page(eventRuleEntry).meta({ id: 'EventRuleList' });

export const eventRuleView = ({ pattern: text, ...rule }: EventRule) =>
  viewOf(eventRuleEntry, {
    ...rule,
    pattern: text === undefined ? undefined : object.parse(parseJson(text)),
    projectId: rule.project,
  });
