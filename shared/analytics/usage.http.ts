import * as z from 'zod';
import { operation } from '../edge/route.ts';
import { resourceId, time } from '../edge/schema.ts';
import { viewOf } from '../edge/snake-case.ts';
import { ACTIONS } from '../usage/usage.ts';
import { rangeFields, timezone, workflowField } from './analytics.http.ts';
import type { ActionFigures, UsageFigures } from './usage-figures.ts';

const USAGE_BY = ['day', 'workflow', 'project', 'action'] as const;
export type UsageBy = (typeof USAGE_BY)[number];

const amounts = {
  runs: z.int(),
  steps: z.int(),
  http_calls: z.int(),
  mcp_calls: z.int(),
  mails: z.int(),
  tokens_in: z.int(),
  tokens_out: z.int(),
  credits: z.number(),
};
const ofDay = z.object({ day: time.meta({ description: 'Its beginning' }), ...amounts }).meta({ id: 'UsageOfDay' });
const ofProject = z.object({ project_id: z.string(), ...amounts }).meta({ id: 'UsageOfProject' });
const ofWorkflow = z
  .object({ workflow_id: resourceId, workflow_name: z.string().nullable(), project_id: z.string(), ...amounts })
  .meta({ id: 'UsageOfWorkflow' });
const ofAction = z
  .object({ action: z.enum(ACTIONS), model: z.string().nullable(), count: z.int(), credits: z.number() })
  .meta({ id: 'UsageOfAction' });

const usage = z
  .object({
    from: time.meta({ description: 'The beginning of the first hour' }),
    to: time.meta({ description: 'The end of the last hour' }),
    searched_to: time.nullable().meta({ description: 'The time down to which was read, when there was too much to read all' }),
    by: z.enum(USAGE_BY),
    credits: z.number().meta({ description: 'All together' }),
    items: z.union([z.array(ofDay), z.array(ofWorkflow), z.array(ofProject), z.array(ofAction)]),
  })
  .meta({ id: 'Usage' });

export const usageOperations = {
  getUsage: operation({
    tag: 'usage',
    entry: 'api/analytics',
    method: 'GET',
    path: '/v1/usage',
    summary: 'What runs have used and what that costs, in credits; with `Accept: text/csv` as CSV',
    query: z.strictObject({
      ...rangeFields,
      ...workflowField,
      by: z.enum(USAGE_BY).default('day'),
      timezone: timezone.default('UTC'),
    }),
    responses: { 200: usage },
  }),
};

export const dayView = (figures: UsageFigures & { day: string }) => viewOf(ofDay, figures);
export const projectView = (figures: UsageFigures & { projectId: string }) => viewOf(ofProject, figures);
export const workflowUsageView = (
  figures: UsageFigures & { workflowId: string; workflowName: string | undefined; projectId: string },
) => viewOf(ofWorkflow, figures);
export const actionView = (figures: ActionFigures) => viewOf(ofAction, figures);

const COLUMNS: Record<UsageBy, string[]> = {
  day: Object.keys(ofDay.shape),
  workflow: Object.keys(ofWorkflow.shape),
  project: Object.keys(ofProject.shape),
  action: Object.keys(ofAction.shape),
};

/** RFC 4180, with the names of the fields first. */
export const csvOf = (by: UsageBy, items: readonly object[]): string =>
  [COLUMNS[by], ...items.map((item) => COLUMNS[by].map((name) => cell(Reflect.get(item, name))))]
    .map((row) => `${row.join(',')}\r\n`)
    .join('');

/** What a spreadsheet would take for a formula is a text. */
function cell(value: unknown): string {
  if (typeof value !== 'string') return value === null || value === undefined ? '' : String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Whether CSV is what is asked for. */
export const wantsCsv = (accept: string | undefined) => /\btext\/csv\b/i.test(accept ?? '');
