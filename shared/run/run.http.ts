import * as z from 'zod';
import { actor, legalHold, page, resourceId, time } from '../edge/schema.ts';
import { viewOf } from '../edge/snake-case.ts';
import { maskedInputs } from '../expression/input-secrets.ts';
import { isMap } from '../kernel/is-map.ts';
import { traceIdOf } from '../kernel/trace.ts';
import { inCredits } from '../usage/credits.ts';
import { actionsOf } from './control/actions.ts';
import { type Run, stepCounts } from './model/run.ts';
import { isTerminal, RUN_STATUS, RUN_STATUSES_V1, TRIGGERS } from './model/status.ts';
import { attemptsOf } from './model/step-state.ts';
import type { RunCount } from './ports.ts';
import type { ContextPage } from './read/read-context.ts';
import { cutFields, cutValue, SHOWN_BYTES } from './shown/cut-value.ts';
import { wholeOf } from './shown/shown-values.ts';
import { stage } from './stage.http.ts';
import type { DryRun } from './start/dry-run.ts';

const searchedTo = time.nullable().meta({ description: 'Of a filtered list: the time down to which it has looked' });

const problem = z.object({ name: z.string(), message: z.string(), step: z.string().nullable() });

export const runEntry = z
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
    trigger_id: z.string().nullable().meta({ description: 'The mailbox, schedule, webhook or queue that it came by' }),
    actor,
    archived: z.boolean(),
    labels: z.array(z.string()),
    created_at: time,
    started_at: time.nullable(),
    ended_at: time.nullable(),
    at_step: z
      .string()
      .nullable()
      .meta({ description: 'Key of the step at which it stands, such as `stock[3]/check`, while it waits or is paused' }),
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
    object: z.literal('run').meta({ description: 'Tells it from a DryRun' }),
    trace_id: z.string().meta({ description: 'The trace that it and all it calls are in: W3C Trace Context' }),
    definition: z.string().meta({ description: 'SHA-256 of the definition that this run follows' }),
    inputs: shownFields,
    outputs: shownFields.nullable(),
    archived_by: z.union([actor, z.null()]),
    archived_at: time.nullable(),
    file_ids: z.array(z.string()),
    legal_hold: legalHold
      .extend({ of: z.enum(['run', 'workflow']) })
      .meta({ id: 'RunLegalHold' })
      .nullable(),
    deadline: time,
    credits: z.number().meta({ description: 'What its steps have cost so far' }),
    aws_usd: z.number().nullable().meta({ description: 'About what it has cost on AWS, in dollars, once it has ended' }),
    steps: stepCounts,
    reason: z.string().nullable().meta({ description: 'Why it was skipped or stopped, or has not begun' }),
    queue: z
      .object({
        since: time,
        until: time.nullable().meta({ description: 'It is not let in before that' }),
        before: z.int().nullable().meta({ description: 'Runs that were there before it and wait for the same' }),
        exact: z.boolean().meta({ description: 'False when there may be more before it' }),
        limit: z.int().nullable().meta({ description: 'How many go on at once' }),
        key: z.string().nullable().meta({ description: 'What those have in common that share the limit' }),
      })
      .nullable()
      .meta({ id: 'RunQueue', description: 'Of a run that has been accepted and waits to be let in' }),
    stop: z
      .object({
        mode: z.enum(['immediate', 'graceful']),
        actor,
        at: time,
        until: time.nullable(),
        reason: z.string().nullable(),
      })
      .nullable()
      .meta({ description: 'The stop that was asked for, and by whom' }),
    pause: z
      .object({ actor, at: time, reason: z.string().nullable() })
      .nullable()
      .meta({ description: 'The pause that was asked for, and by whom; gone once the run goes on' }),
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

const foreseenStep = z
  .object({
    step: z.string(),
    kind: z.string(),
    title: z.string().nullable(),
    needs: z.array(z.string()).meta({ description: 'The steps of its list that end first' }),
    skipped: z.boolean().nullable().meta({ description: 'Null when only the run will tell' }),
    get inside() {
      return z
        .record(z.string(), z.array(foreseenStep))
        .optional()
        .meta({ description: 'The steps in it, by branch, and by handler: `catch[0]`' });
    },
  })
  .meta({ id: 'ForeseenStep' });

export const dryRun = z
  .object({
    object: z.literal('dry_run').meta({ description: 'Tells it from a Run' }),
    dry_run: z.literal(true),
    would_start: z.boolean().meta({ description: 'False when runIf is: the run would be recorded as skipped' }),
    name: z.string(),
    reference: z.string().nullable(),
    version: z.int().nullable(),
    definition: z.string(),
    inputs: z.record(z.string(), z.unknown()),
    steps: z.array(foreseenStep).meta({ description: 'Steps in the order of the document, each with what it `needs`' }),
    problems: z.array(z.object({ step: z.string(), message: z.string() })),
  })
  .meta({ id: 'DryRun' });

export const failureCodes = z
  .object({
    items: z.array(z.object({ code: z.string(), of: z.enum(['step', 'run']), meaning: z.string(), what_to_do: z.string() })),
  })
  .meta({ id: 'FailureCodes' });

const shownStatus = (run: Run) => ({ ...run, status: RUN_STATUS[run.status].v1 });
const shownRun = (run: Run) => ({
  ...shownStatus(run),
  projectId: run.project,
  atStep: run.at,
  archived: run.archived !== undefined,
});

export const runEntryView = (run: Run) => viewOf(runEntry, shownRun(run));

export interface RunDetail {
  inputs: unknown;
  outputs: unknown;
  chain: string[];
  children: Run[];
  /** Of one that waits for room: how many wait before it. */
  before?: RunCount | undefined;
}

/** Values of a run within what an answer holds: maps, but for an input that is a secret as a whole, which is `***`. */
const shown = (value: unknown, whole: string | null) =>
  (isMap(value) ? cutFields(value, SHOWN_BYTES, whole) : cutValue(value, SHOWN_BYTES, whole)) as Record<string, unknown>;

export const runDetailView = (run: Run, { inputs, outputs, chain, children, before }: RunDetail) =>
  viewOf(runDetail, {
    ...shownRun(run),
    object: 'run',
    traceId: traceIdOf(run),
    archivedBy: run.archived?.actor ?? null,
    archivedAt: run.archived?.at,
    legalHold: heldOf(run),
    inputs: shown(inputs, wholeOf(run.id, 'inputs')),
    outputs: shown(outputs, wholeOf(run.id, 'outputs')),
    reason: run.queued ? queuedReason(run, before) : run.reason,
    queue: queueOf(run, before),
    credits: inCredits(run.credits ?? 0),
    awsUsd: run.awsDollars,
    pausing: run.pause !== undefined && run.status !== 'paused' && !isTerminal(run.status),
    chain,
    children: children.map(shownStatus),
    connectionOverrides: run.connectionOverrides ?? {},
    actions: actionsOf(run),
  });

/** Why a run has not begun, in words. */
function queuedReason({ queued }: Run, before: RunCount | undefined): string {
  if (queued?.until !== undefined && before === undefined) return `queued: maintenance until ${queued.until}`;
  return `queued: ${before?.exact === false ? 'more than ' : ''}${before?.count ?? 0} before it`;
}

const queueOf = ({ queued, concurrency }: Run, before: RunCount | undefined) =>
  queued && {
    since: queued.at,
    until: queued.until,
    before: before?.count,
    exact: before?.exact ?? true,
    limit: concurrency?.limit,
    key: concurrency?.key,
  };

const heldOf = ({ hold, workflowHold }: Run) =>
  hold ? { ...hold, of: 'run' as const } : workflowHold && { ...workflowHold, of: 'workflow' as const };

export const dryRunView = ({ prepared, steps, problems }: DryRun) =>
  viewOf(dryRun, {
    ...prepared,
    object: 'dry_run',
    dryRun: true,
    wouldStart: prepared.wanted,
    definition: prepared.hash,
    inputs: shown(maskedInputs(prepared.plan.document.input, prepared.inputs), null),
    steps,
    problems,
  });

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
    queued: z
      .object({ reason: z.string(), at: time, until: time })
      .nullable()
      .meta({ description: 'It waits for its turn at a connection: why, since when, until when at the latest' }),
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

export const stepView = ({ planned, state, ...step }: ContextPage['steps'][number]) => ({
  ...viewOf(stepState, {
    ...state,
    ...step,
    step: planned.id,
    kind: planned.step.kind,
    title: planned.step.title,
    queued: state?.queued,
    attempts: state ? attemptsOf(state) : 0,
  }),
  // The failure of a group also says which of its steps it was.
  error: state?.error ?? null,
});

export const runContext = z
  .object({
    run_id: resourceId,
    status: z.enum(RUN_STATUSES_V1),
    variables: z.record(z.string(), z.unknown()),
    steps: z.array(stepState),
    continuation_token: z.string().nullable(),
  })
  .meta({ id: 'RunContext' });
