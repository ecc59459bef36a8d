import * as z from 'zod';
import { actor, resourceId, words } from '../../edge/schema.ts';
import type { Readable } from './trigger-expressions.ts';

/** What may be said of a trigger that maps what arrives, when it is made and when it is changed, and how it is shown. */
export function triggerSchemas({ thing, names }: Readable) {
  const read = `{${names.join(', ')}}`;
  const mapping = z
    .string()
    .min(1)
    .max(20_000)
    .meta({ description: `JSONata from ${read} to inputs` });
  const condition = z
    .string()
    .min(1)
    .max(20_000)
    .meta({ description: `JSONata condition over ${read}: ${thing} that does not meet it is skipped` });
  return {
    made: { mapping: mapping.optional(), if: condition.optional(), enabled: z.boolean().default(true) },
    changed: {
      name: words(100).optional(),
      enabled: z.boolean().optional(),
      mapping: mapping.nullable().optional(),
      if: condition.nullable().optional(),
    },
    head: { id: resourceId, workflow_id: resourceId, project_id: z.string(), name: z.string() },
    foot: {
      mapping: z.string().nullable(),
      if: z.string().nullable(),
      enabled: z.boolean(),
      created_at: z.iso.datetime(),
      created_by: actor,
      updated_at: z.iso.datetime(),
    },
  };
}
