import * as z from 'zod';
import { ROLES } from '../access/role.ts';
import { jsonNumber } from '../kernel/json.ts';
import { stepCounts } from '../run/model/run.ts';
import { RUN_STATUSES_V1, STAGES, TRIGGERS } from '../run/model/status.ts';

/**
 * Names and free words: no control characters, so that a NUL or a line break never reaches a table or a log. Characters are counted as JSON
 * Schema does, by code points.
 */
export const words = (max: number) =>
  z
    .string()
    .regex(/^[^\u0000-\u001f\u007f]*$/, 'must not hold control characters')
    .refine((text) => text !== '' && text.length <= 2 * max && Array.from(text).length <= max, `must have 1 to ${max} characters`)
    .meta({ minLength: 1, maxLength: max });

export { firstWords } from '../kernel/words.ts';

export const resourceId = z
  .string()
  .min(1, 'must not be empty')
  .max(26, 'must have 26 characters at most')
  .regex(/^[a-zA-Z0-9_-]+$/, 'must have letters, digits, - and _ only');

/** Names a resource where the contract takes any text: what is no id is not found. */
export const anyId = z.string();

const time = z.iso.datetime().meta({ description: 'ISO 8601, UTC, milliseconds' });

export const errorModel = z
  .object({
    status_code: z.int(),
    message: z.string(),
    details: z.array(z.object({ name: z.string(), value: z.union([z.string(), z.number()]) })).nullable(),
  })
  .meta({ id: 'ErrorModel' });

export const stage = z.enum(STAGES).meta({ id: 'ProcessStage', description: 'Stage of a process' });

export const listQuery = (limit: number) => ({
  limit: count(100).default(limit),
  continuation_token: z.string().min(1, 'must not be empty').max(1024, 'is none of ours').optional(),
});

/** How many of something a query asks for. */
export function count(max: number) {
  const error = `must be a whole number from 1 to ${max}`;
  return z.coerce.number({ error }).int(error).min(1, error).max(max, error);
}

const page = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), continuation_token: z.string().nullable() });
const searchedTo = time.nullable().meta({ description: 'Of a filtered list: the time down to which it has looked' });

const nameValue = z.object({ name: z.string().min(1).max(100), value: z.union([z.string(), jsonNumber]) });

export const runV2 = z
  .object({
    id: resourceId,
    name: z.string(),
    process_id: resourceId,
    agent_id: resourceId,
    stage,
    status: z.enum(['Created', 'Running', 'Exception', 'Stopped', 'Succeeded']).meta({ id: 'RunStatus' }),
    created_at: time,
    file_ids: z.array(z.string()).nullable().optional(),
    outputs: z.array(nameValue).nullable().optional(),
  })
  .meta({ id: 'RunResource' });
export const runsV2 = page(runV2).meta({ id: 'ListResponse' });

const MOST_ITEMS = 1000;

/** A list whose length is looked at first: a million wrong items would be a million complaints. */
export const few = <T extends z.ZodType>(item: T) =>
  z.array(z.unknown()).max(MOST_ITEMS, `must have ${MOST_ITEMS} items at most`).pipe(z.array(item).max(MOST_ITEMS));

export const createRunV2 = z
  .strictObject({
    name: words(100),
    process_id: resourceId,
    agent_id: resourceId,
    stage,
    inputs: few(
      z.strictObject({
        name: words(100).refine((name) => name !== '__proto__', 'must not be __proto__'),
        value: z.union([z.string(), jsonNumber], 'must be a text or a number'),
      }),
    )
      .refine((inputs) => new Set(inputs.map(({ name }) => name)).size === inputs.length, 'must not name an input twice')
      .nullish()
      .meta({ description: 'Inputs to the process' }),
    file_ids: few(z.string()).nullish(),
  })
  .meta({ id: 'CreateRunRequest' });

export const processV2 = z
  .object({ id: resourceId, name: z.string(), agent_id: resourceId, description: z.string().nullable(), created_at: time })
  .meta({ id: 'ProcessResource' });
export const processesV2 = page(processV2).meta({ id: 'ProcessList' });

const problem = z.object({ name: z.string(), message: z.string(), step: z.string().nullable() });

const runEntry = z
  .object({
    id: resourceId,
    name: z.string(),
    reference: z.string().nullable(),
    workflow_id: resourceId,
    workflow_name: z.string(),
    project_id: z.string(),
    stage,
    version: z.int().nullable(),
    status: z.enum(RUN_STATUSES_V1),
    trigger: z.enum(TRIGGERS),
    archived: z.boolean(),
    created_at: time,
    started_at: time.nullable(),
    ended_at: time.nullable(),
    error: problem.nullable(),
    parent: resourceId.nullable().meta({ description: 'The run that it runs again, or that waits for it' }),
    attempt: z.int().meta({ description: 'Its place in a chain of reruns, from 1' }),
  })
  .meta({ id: 'RunEntry' });
export const runEntries = page(runEntry).extend({ searched_to: searchedTo }).meta({ id: 'RunList' });

const shownFields = z.record(z.string(), z.unknown()).meta({
  description:
    'Secrets are `***`. Above 768 KiB its large fields are `{truncated: true, bytes, start, whole}`: `whole` is the path of a link to all of it',
});

export const valueLink = z.object({ url: z.string(), expires_at: time }).meta({ id: 'ValueLink' });

export const runDetail = runEntry
  .extend({
    definition: z.string().meta({ description: 'SHA-256 of the definition that this run follows' }),
    inputs: shownFields,
    outputs: shownFields.nullable(),
    file_ids: z.array(z.string()),
    deadline: time,
    steps: stepCounts,
    reason: z.string().nullable().meta({ description: 'Why it was skipped or stopped' }),
    stop: z
      .object({
        mode: z.enum(['immediate', 'graceful']),
        by: z.string(),
        at: time,
        until: time.nullable(),
        reason: z.string().nullable(),
      })
      .nullable()
      .meta({ description: 'The stop that was asked for, and by whom' }),
    pause: z
      .object({ by: z.string(), at: time, reason: z.string().nullable() })
      .nullable()
      .meta({ description: 'The pause that was asked for, and by whom; gone once the run goes on' }),
    started_by: z.string().nullable(),
    pausing: z.boolean().meta({ description: 'A pause was asked for and steps are still in flight' }),
    parent_step: z.string().nullable(),
    root: resourceId.nullable().meta({ description: 'First run of its chain of reruns' }),
    chain: z.array(resourceId).meta({ description: 'The runs it runs again, nearest first' }),
    children: z.array(z.object({ id: resourceId, status: z.enum(RUN_STATUSES_V1), trigger: z.enum(TRIGGERS) })),
    connection_overrides: z.record(z.string(), z.string()),
    actions: z.array(z.object({ action: z.string(), allowed: z.boolean(), reason: z.string().nullable() })),
  })
  .meta({ id: 'Run' });

export const rerunDetail = runDetail.extend({ warnings: z.array(z.string()) }).meta({ id: 'Rerun' });

export const dryRun = z
  .object({
    dry_run: z.literal(true),
    would_start: z.boolean().meta({ description: 'False when runIf is: the run would be recorded as skipped' }),
    name: z.string(),
    reference: z.string().nullable(),
    version: z.int().nullable(),
    definition: z.string(),
    inputs: z.record(z.string(), z.unknown()),
    steps: z.array(z.unknown()).meta({ description: 'Steps in the order of the document, each with what it `needs`' }),
    problems: z.array(z.object({ step: z.string(), message: z.string() })),
  })
  .meta({ id: 'DryRun' });

export const failureCodes = z
  .object({
    items: z.array(z.object({ code: z.string(), of: z.enum(['step', 'run']), meaning: z.string(), what_to_do: z.string() })),
  })
  .meta({ id: 'FailureCodes' });

export const startDefaults = z
  .strictObject({
    inputs: z.record(z.string(), z.unknown()).optional(),
    name: words(100).optional(),
    reference: words(200).optional(),
    connection_overrides: z.record(words(100), words(100)).optional(),
  })
  .meta({ id: 'StartDefaults' });

const runEvent = z
  .object({
    id: z.int().min(0).meta({ description: 'Number of the line: goes on from it when given as `after`' }),
    time,
    type: z.string(),
    step: z.string().nullable(),
    scope: z.string(),
    attempt: z.int().nullable(),
    message: z.string(),
    reused: z.string().optional(),
    skipped: z.boolean().optional(),
    reason: z.string().optional(),
    data: z.unknown().optional(),
  })
  .meta({ id: 'RunEvent' });
export const runEvents = page(runEvent).meta({ id: 'RunEventList' });

const stepState = z
  .object({
    step: z.string(),
    key: z.string(),
    scope: z.string(),
    kind: z.string(),
    title: z.string().nullable(),
    status: z.enum(['pending', 'running', 'waiting', 'succeeded', 'failed', 'cancelled', 'skipped']),
    reason: z.string().nullable(),
    attempts: z.int(),
    started_at: time.nullable(),
    ended_at: time.nullable(),
    input: z.unknown(),
    output: z.unknown(),
    reused: z.string().nullable().meta({ description: 'The run that executed it' }),
    child: z.string().nullable().meta({ description: 'The run it started' }),
    error: z.object({ name: z.string(), message: z.string(), data: z.unknown().optional() }).nullable(),
  })
  .meta({ id: 'StepState' });

export const runContext = z
  .object({
    run_id: resourceId,
    status: z.enum(RUN_STATUSES_V1),
    variables: z.record(z.string(), z.unknown()),
    steps: z.array(stepState),
    continuation_token: z.string().nullable(),
  })
  .meta({ id: 'RunContext' });

const versionEntry = z
  .object({ version: z.int(), definition: z.string(), note: z.string().nullable(), published_at: time, published_by: z.string() })
  .meta({ id: 'WorkflowVersion' });
export const versionDetail = versionEntry.extend({ source: z.string() }).meta({ id: 'WorkflowVersionDetail' });
export const versionEntries = page(versionEntry).meta({ id: 'WorkflowVersionList' });

const workflowEntry = z
  .object({
    id: resourceId,
    project_id: z.string(),
    name: z.string(),
    title: z.string().nullable(),
    description: z.string().nullable(),
    enabled: z.boolean(),
    published_version: z.int().nullable(),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'WorkflowEntry' });
export const workflowEntries = page(workflowEntry).meta({ id: 'WorkflowList' });

const warning = z.object({ path: z.string(), line: z.int(), column: z.int(), message: z.string() });
export const workflowDetail = workflowEntry
  .extend({
    draft: z.object({ definition: z.string(), source: z.string(), saved_at: time }),
    versions: z.array(versionEntry),
    start_defaults: startDefaults.nullable(),
    warnings: z.array(warning).optional(),
  })
  .meta({ id: 'Workflow' });
export const published = z.object({ version: z.int(), warnings: z.array(warning) }).meta({ id: 'Published' });

const keyEntry = z
  .object({
    id: resourceId,
    name: z.string(),
    role: z.enum(ROLES),
    project_id: z.string().nullable(),
    email: z.string().nullable().meta({ description: 'Of its holder, who by it is a member of the project' }),
    created_at: time,
    revoked_at: time.nullable(),
  })
  .meta({ id: 'ApiKey' });
export const keyEntries = page(keyEntry).meta({ id: 'ApiKeyList' });
export const keyCreated = keyEntry.extend({ key: z.string().meta({ description: 'Shown once' }) }).meta({ id: 'ApiKeyCreated' });
