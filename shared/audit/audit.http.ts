import * as z from 'zod';
import { actor, listQuery, page, resourceId, time, words } from '../edge/schema.ts';
import { viewOf } from '../edge/snake-case.ts';
import { ACT_WORDS, OBJECT_KINDS } from '../kernel/act.ts';
import type { AuditRecord } from './audit.ts';

const instant = z.iso.datetime({ offset: true });
const fields = z.record(z.string(), z.unknown()).nullable();

export const auditQuery = z.strictObject({
  actor: words(100).optional().meta({ description: 'Id of a key or a member' }),
  object: words(100).optional().meta({ description: 'Id of what it was done to' }),
  act: z.enum(ACT_WORDS).optional(),
  from: instant.optional(),
  to: instant.optional(),
  ...listQuery(25),
});

const auditEntry = z
  .object({
    id: resourceId,
    at: time,
    act: z.enum(ACT_WORDS),
    actor,
    object: z.object({ kind: z.enum(OBJECT_KINDS), id: z.string(), name: z.string().nullable() }),
    project_id: z.string().nullable(),
    from: z
      .object({ ip: z.string(), user_agent: z.string().nullable() })
      .nullable()
      .meta({ description: 'Where the request came from; for admins alone' }),
    reason: z.string().nullable(),
    before: fields.meta({ description: 'The fields that changed, as they were; null for what is new. Secrets are `***`' }),
    after: fields.meta({ description: 'The same fields, as they are since; null for what is gone' }),
  })
  .meta({ id: 'AuditRecord' });
export const auditEntries = page(auditEntry)
  .extend({ searched_to: time.nullable().meta({ description: 'The time down to which it has looked, when there is more' }) })
  .meta({ id: 'AuditLog' });

export const auditView = (record: AuditRecord, { origins }: { origins: boolean }) =>
  viewOf(auditEntry, { ...record, projectId: record.project, from: origins ? record.from : undefined });
