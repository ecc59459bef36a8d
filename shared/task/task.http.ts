import * as z from 'zod';
import { actor, listQuery, mailAddress, page, resourceId, time, words } from '../edge/schema.ts';
import { camelCased, viewOf } from '../edge/snake-case.ts';
import { DECISIONS, TASK_KINDS } from '../run/model/entry.ts';
import { TASK_STATUSES } from '../run/model/task.ts';
import type { TaskRow } from './task.ts';

const instant = z.iso.datetime({ offset: true });
const MOST_ASSIGNEES = 50;

export const taskQuery = z.strictObject({
  status: z.enum(TASK_STATUSES).optional(),
  kind: z.enum(TASK_KINDS).optional(),
  assignee: z
    .union([z.literal('me'), mailAddress])
    .optional()
    .meta({ description: 'Mail address of one who is asked; `me`: that of the caller' }),
  project_id: words(100).optional(),
  workflow_id: words(100).optional(),
  run_id: words(100).optional(),
  group: words(100).optional(),
  from: instant.optional(),
  to: instant.optional(),
  ...listQuery(25),
});

export const taskEntry = z
  .object({
    id: resourceId,
    kind: z.enum(TASK_KINDS),
    status: z.enum(TASK_STATUSES),
    title: z.string(),
    assignees: z.array(z.string()).meta({ description: 'Who may answer beside admins; everybody when it is empty' }),
    project_id: z.string(),
    workflow_id: resourceId,
    workflow_name: z.string(),
    run_id: resourceId,
    run_name: z.string(),
    reference: z.string().nullable(),
    step: z.string().meta({ description: 'Key of the step that asks' }),
    group: z.string().nullable().meta({ description: 'Of an exception: the same for failures with the same cause' }),
    error: z.object({ name: z.string(), message: z.string() }).nullable(),
    opened_at: time,
    expires_at: time.nullable(),
    snoozed_until: time.nullable(),
    mailed_at: time.nullable().meta({ description: 'When somebody was last told by mail' }),
    mail_error: z.string().nullable().meta({ description: 'Why somebody could not be told; it is tried again' }),
    closed_at: time.nullable(),
    decision: z.enum(DECISIONS).nullable(),
    answered_by: z.union([actor, z.null()]),
    comment: z.string().nullable(),
  })
  .meta({ id: 'TaskEntry' });
export const taskEntries = page(taskEntry)
  .extend({ searched_to: time.nullable().meta({ description: 'The time down to which it has looked, when there is more' }) })
  .meta({ id: 'TaskList' });

export const taskDetail = taskEntry
  .extend({
    body: z.string().nullable(),
    form: z.record(z.string(), z.unknown()).nullable().meta({ description: 'JSON Schema of what an answer fills in' }),
    given: z.unknown().meta({ description: 'What came with the answer: the form, other input, an output' }),
  })
  .meta({ id: 'Task' });

const comment = z
  .string()
  .max(4_000)
  .regex(/^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]*$/, 'must not hold control characters');

export const answerBody = z.strictObject({
  decision: z.enum(DECISIONS).meta({ description: 'approve or reject an approval; retry, skip or fail for an exception' }),
  comment: comment.optional(),
  form: z.record(z.string(), z.unknown()).optional().meta({ description: 'With approve: what the form asks for' }),
  inputs: z
    .record(z.string(), z.unknown())
    .optional()
    .meta({ description: 'With retry: input of the step instead of what the document says' }),
  output: z.unknown().optional().meta({ description: 'With skip: the output of the step' }),
});

export const changeBody = camelCased(
  z
    .strictObject({
      assignees: z.array(mailAddress).max(MOST_ASSIGNEES).optional(),
      snooze_until: instant.nullable().optional().meta({ description: 'null: to be seen at once' }),
    })
    .refine((body) => Object.keys(body).length > 0, 'needs assignees or snooze_until'),
);

const shown = (row: TaskRow) => ({
  ...row,
  projectId: row.project,
  step: row.stepKey,
  answeredBy: row.answeredBy ?? null,
  error: row.error && { name: row.error.name, message: row.error.message },
});

export const taskEntryView = (row: TaskRow) => viewOf(taskEntry, shown(row));

export const taskView = (
  row: TaskRow,
  more: { body?: string | undefined; form?: Record<string, unknown> | undefined; given: unknown },
) => viewOf(taskDetail, { ...shown(row), ...more });
