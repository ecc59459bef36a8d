import * as z from 'zod';
import { actor, page, resourceId, time, words } from '../edge/schema.ts';
import { camelCased, viewOf } from '../edge/snake-case.ts';
import { MASK } from '../kernel/mask.ts';
import { filterBody } from '../run/list/filter.http.ts';
import { labels } from '../run/model/label.ts';
import type { Run } from '../run/model/run.ts';
import { runEntries, runEntryView } from '../run/run.http.ts';
import { counted } from '../suite/tests.http.ts';
import { answerBody, taskEntry } from '../task/task.http.ts';
import { deliveryEntry, deliveryFilter } from '../trigger/delivery/delivery.http.ts';
import type { JobDryRun } from './dry-run.ts';
import { JOB_STATUSES, type Job, OUTCOMES, type Result, type RunVerb, SUBJECTS, subjectOf, VERBS } from './job.ts';
import { MOST_NAMED, MOST_SELECTED } from './select.ts';
import type { Loss } from './verb.ts';

const filter = filterBody
  .refine((fields) => Object.values(fields).some((field) => field !== undefined), 'must narrow by something')
  .meta({ id: 'JobFilter', description: `As of GET /v1/runs. It may select ${MOST_SELECTED.toLocaleString('en')} runs` });
export type JobFilterBody = z.infer<typeof filter>;

const common = {
  run_ids: z.array(resourceId).min(1).max(MOST_NAMED, `must have ${MOST_NAMED} ids at most`).optional(),
  filter: filter.optional(),
  name: words(100).optional(),
  rate: z
    .number()
    .min(0.1)
    .max(100)
    .optional()
    .meta({ description: 'So many a second, at the most; as fast as it goes when absent' }),
  dry_run: z.boolean().optional().meta({ description: 'Answer with what would happen, and do nothing' }),
};

const jobWishes = { name: common.name, rate: common.rate, dry_run: common.dry_run };

const rejectedFilter = z
  .strictObject({ ...deliveryFilter, outcome: z.literal('rejected').optional() })
  .refine((fields) => Object.values(fields).some((field) => field !== undefined), 'must narrow by something')
  .meta({ id: 'RedeliveryFilter', description: 'As of GET /v1/deliveries, of those that were rejected' });
export const redeliverBody = z.strictObject({ filter: rejectedFilter, ...jobWishes });

export const answersBody = z
  .strictObject({
    group: words(100).optional().meta({ description: 'The open tasks of that group' }),
    ids: z.array(resourceId).min(1).max(MOST_NAMED, `must have ${MOST_NAMED} ids at most`).optional(),
    ...answerBody.shape,
    ...jobWishes,
  })
  .refine(({ group, ids }) => (group === undefined) !== (ids === undefined), 'must have either group or ids');

const none = z.strictObject({}).default({});
const whatCounts = z.strictObject(counted).default({ compare: [], ignore: [] });
const some = z.strictObject({ labels: labels.refine((all) => all.length > 0, 'must name one') });

const rerunParams = camelCased(
  z.strictObject({
    from: words(40).meta({ description: '`start`, `failed`, or the id of a step' }),
    inputs: z.union([z.literal('same'), z.record(z.string(), z.unknown())]).default('same'),
    version: z.union([z.enum(['original', 'latest']), z.int().min(1).max(999_999)]).default('original'),
    confirm_repeat: z.boolean().default(false),
    accept_changes: z.boolean().default(false),
  }),
);
const stopParams = camelCased(
  z.strictObject({
    mode: z.enum(['immediate', 'graceful']).default('immediate'),
    drain_timeout: z.int().min(1).max(86_400).optional().meta({ description: 'Seconds that steps in flight may take' }),
  }),
);

const asking = <V extends RunVerb, P extends z.ZodType>(verb: V, id: string, params: P) =>
  z.strictObject({ verb: z.literal(verb), ...common, params }).meta({ id });

export const jobBody = z
  .discriminatedUnion('verb', [
    asking('rerun', 'RerunJob', rerunParams),
    asking('stop', 'StopJob', stopParams.default({ mode: 'immediate' })),
    asking('pause', 'PauseJob', none),
    asking('resume', 'ResumeJob', none),
    asking('archive', 'ArchiveJob', none),
    asking('unarchive', 'UnarchiveJob', none),
    asking('label', 'LabelJob', some),
    asking('unlabel', 'UnlabelJob', some),
    asking('add_test', 'AddTestJob', whatCounts),
    asking('delete', 'DeleteJob', none),
  ])
  .refine(
    ({ run_ids, filter: narrowed }) => (run_ids === undefined) !== (narrowed === undefined),
    'must have either run_ids or filter',
  );

export const jobEntry = z
  .object({
    object: z.literal('job').meta({ description: 'Tells it from a JobDryRun' }),
    id: resourceId,
    verb: z.enum(VERBS),
    subject: z.enum(SUBJECTS).meta({ description: 'What it is about' }),
    status: z.enum(JOB_STATUSES).meta({ description: '`aborting`: what has begun is finished' }),
    name: z.string().nullable(),
    reason: z.string().nullable(),
    actor,
    project_id: z.string().nullable(),
    params: z.record(z.string(), z.unknown()).meta({ description: '`inputs`, `form` and `output` are `***`' }),
    filter: z.record(z.string(), z.unknown()).nullable(),
    rate: z.number().nullable(),
    total: z.int(),
    done: z.int(),
    skipped: z.int().meta({ description: 'There was nothing to do; results say why' }),
    failed: z.int(),
    created_at: time,
    ended_at: time.nullable(),
    abort: z.object({ actor, at: time, reason: z.string().nullable() }).nullable(),
    retry_of: resourceId.nullable().meta({ description: 'The job whose failed runs it is about' }),
  })
  .meta({ id: 'Job' });
export const jobEntries = page(jobEntry).meta({ id: 'JobList' });

export const jobView = (job: Job) =>
  viewOf(jobEntry, {
    ...job,
    ...job.counts,
    object: 'job',
    subject: subjectOf(job.verb),
    projectId: job.project,
    params: shownParams(job.params),
  });

/** What people have filled in may be secret, which only a workflow knows. */
const FILLED_IN = ['inputs', 'form', 'output'];

function shownParams(params: Record<string, unknown>): Record<string, unknown> {
  const given = Object.entries(params).filter(([, value]) => value !== undefined);
  const shown = given.map(([name, value]) => [
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    FILLED_IN.includes(name) && value !== 'same' ? MASK : value,
  ]);
  return Object.fromEntries(shown);
}

const jobResult = z
  .object({
    id: resourceId.meta({ description: 'What it was done to' }),
    run_id: resourceId.nullable().meta({ description: 'The same, of a job over runs' }),
    outcome: z.enum(OUTCOMES),
    reason: z.string().nullable(),
    started_run_id: resourceId.nullable(),
    test_id: resourceId.nullable().meta({ description: 'The test that was made of it' }),
    at: time,
  })
  .meta({ id: 'JobResult' });
export const jobResults = page(jobResult).meta({ id: 'JobResultList' });

export const resultView = ({ verb }: Job, result: Result) => {
  const runId = subjectOf(verb) === 'run' ? result.id : undefined;
  return viewOf(jobResult, { ...result, runId, startedRunId: result.runId });
};

/** As many tests are named. */
const MOST_TESTS_NAMED = 100;

const loss = z
  .object({
    comments: z.int(),
    values: z.int().meta({ description: 'Values too large for the journal, which goes as well' }),
    value_bytes: z.int(),
    tests: z.object({
      count: z.int(),
      items: z
        .array(z.object({ id: resourceId, name: z.string(), workflow_id: resourceId, run_id: resourceId }))
        .meta({ description: `The first ${MOST_TESTS_NAMED}` }),
    }),
  })
  .meta({ id: 'JobLoss', description: 'What goes with these runs; tests that were made of them stay, without them' });

const dryRunOf = <T extends z.ZodType>(id: string, sample: T) =>
  z
    .object({
      object: z.literal('job_dry_run').meta({ description: 'Tells it from a Job' }),
      dry_run: z.literal(true),
      verb: z.enum(VERBS),
      subject: z.enum(SUBJECTS),
      total: z.int().meta({ description: 'How many are selected' }),
      would: z.int().meta({ description: 'How many it would act on' }),
      exact: z.boolean().meta({ description: 'False when time did not allow to look at all of them' }),
      looked: z.int().meta({ description: 'How many were looked at' }),
      sample: z.array(sample).meta({ description: 'The first ten that it would act on' }),
      exclusions: z.array(z.object({ reason: z.string(), count: z.int() })).meta({ description: 'Why others are left alone' }),
    })
    .meta({ id });

export const jobDryRun = dryRunOf('JobDryRun', runEntries.shape.items.element)
  .extend({ loss: loss.nullable().meta({ description: 'Of `delete`; null for any other verb' }) })
  .meta({ id: 'JobDryRun' });
export const redeliverDryRun = dryRunOf('RedeliverDryRun', deliveryEntry);
export const answerDryRun = dryRunOf('AnswerDryRun', taskEntry);

export const dryRunView = <Subject, V>(
  verb: Job['verb'],
  { loss: _, ...found }: JobDryRun<Subject>,
  view: (one: Subject) => V,
) => ({
  object: 'job_dry_run' as const,
  dry_run: true as const,
  verb,
  subject: subjectOf(verb),
  ...found,
  sample: found.sample.map(view),
});

export const runDryRunView = (verb: Job['verb'], found: JobDryRun<Run>): z.input<typeof jobDryRun> => ({
  ...dryRunView(verb, found, runEntryView),
  loss: found.loss ? lossView(found.loss) : null,
});

const lossView = (lost: Loss) =>
  viewOf(loss, { ...lost, tests: { count: lost.tests.length, items: lost.tests.slice(0, MOST_TESTS_NAMED) } });
