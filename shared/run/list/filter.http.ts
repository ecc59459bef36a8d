import * as z from 'zod';
import { listOf, resourceId, words } from '../../edge/schema.ts';
import { LABELS, label } from '../model/label.ts';
import { fromV1, RUN_STATUSES_V1, TRIGGERS } from '../model/status.ts';
import { stage } from '../stage.http.ts';
import { idIn, idMatch, type RunFilter, textMatch } from './filter.ts';

const id = z
  .string()
  .refine((text) => idIn(text) !== undefined, 'must be the id of a run, or at least 6 characters of its beginning')
  .meta({ description: 'Id of a run, or at least 6 characters of its beginning', minLength: 6, maxLength: 26 });

const instant = z.iso.datetime({ offset: true });

/** What a list of runs, a count and a job may be narrowed by, as the API writes it. */
export const filterFields = {
  status: listOf(z.enum(RUN_STATUSES_V1), RUN_STATUSES_V1.length)
    .meta({ override: { type: 'array', items: { type: 'string', enum: RUN_STATUSES_V1 } }, description: 'One of these' })
    .optional(),
  stage: stage.optional(),
  trigger: z.enum(TRIGGERS).optional(),
  trigger_id: resourceId.optional().meta({ description: 'The mailbox, schedule, webhook or queue that it came by' }),
  reference: words(201).optional().meta({ description: 'Without regard to case; `abc*` is the beginning of one' }),
  id: id.optional(),
  label: listOf(label, LABELS)
    .meta({ override: { type: 'array', items: { type: 'string' } }, description: 'Has all of these' })
    .optional(),
  error: words(200).optional().meta({ description: 'Name of the error that it ended with' }),
  fingerprint: z
    .string()
    .regex(/^[\w-]{16}$/, 'must be the fingerprint of a failure, as of GET /v1/analytics/failures')
    .optional()
    .meta({ description: 'Failed with the same cause: workflow, step, error, and message without its numbers and ids' }),
  unaided: z
    .literal('true')
    .optional()
    .meta({ description: 'Succeeded, and nobody had paused them, been asked, or run them again' }),
  from: instant.optional(),
  to: instant.optional(),
  archived: z.enum(['false', 'true', 'any']).optional().meta({ description: '`false` unless given' }),
  parent: resourceId.optional().meta({ description: 'The run that it runs again, or that waits for it' }),
  root: resourceId.optional().meta({ description: 'First run of a chain of reruns: all of the chain' }),
  q: words(200).optional().meta({
    description:
      'The runs of that id or reference; if there are none, those with it in their reference, name or labels, or at the beginning of their id',
  }),
};

const filterQuery = z.strictObject(filterFields);
export type FilterQuery = z.infer<typeof filterQuery>;

const FAILED = ['failed', 'timed_out'] as const;

const { status: _, label: __, ...sameInBody } = filterFields;

/** What lists are narrowed by, with lists where a query has commas. */
export const filterBody = z.strictObject({
  ...sameInBody,
  workflow_id: resourceId.optional(),
  project_id: resourceId.optional(),
  status: z.array(z.enum(RUN_STATUSES_V1)).min(1).max(RUN_STATUSES_V1.length).optional().meta({ description: 'One of these' }),
  label: z.array(label).min(1).max(LABELS).optional().meta({ description: 'Has all of these' }),
});

/** Nothing else can be meant: where those are few, an index knows them. */
const impliedBy = ({ fingerprint, unaided }: FilterQuery) =>
  fingerprint !== undefined ? FAILED : unaided !== undefined ? (['succeeded'] as const) : undefined;

/** The filter behind a query, of the runs that the caller may see. */
export function filterOf(query: FilterQuery, within: Pick<RunFilter, 'workspace' | 'project' | 'workflowId'>): RunFilter {
  const { status, trigger_id: triggerId, reference, id: ofId, label: labels, archived, unaided, ...same } = query;
  return {
    ...within,
    ...same,
    status: status?.map(fromV1) ?? impliedBy(query),
    unaided: unaided && true,
    triggerId,
    labels,
    reference: reference === undefined ? undefined : textMatch(reference),
    id: ofId === undefined ? undefined : idMatch(ofId),
    archived: archived === 'any' ? archived : archived === 'true',
  };
}
