import * as z from 'zod';
import { actor, resourceId, time, words } from '../edge/schema.ts';
import { viewOf } from '../edge/snake-case.ts';
import type { Caller } from '../kernel/role.ts';
import { filterBody } from '../run/list/filter.http.ts';
import type { SavedView } from './saved-view.ts';

/** It stands in a path. */
export const viewName = words(60).refine(
  (name) => !/[/%?#\\]/.test(name) && name === name.trim(),
  'must hold none of / % ? # \\, and must not begin or end with a space',
);

const MOST_COLUMNS = 30;
const last = z
  .string()
  .regex(/^[1-9]\d{0,3}[mhd]$/, 'must be a time such as 30m, 24h or 7d')
  .meta({
    description: 'It is of runs that were created so long ago at most; narrows nothing by itself: whoever opens it asks for them',
  });
const columns = z
  .array(words(40))
  .min(1)
  .max(MOST_COLUMNS)
  .meta({ description: 'What is shown of the runs, as whoever shows them names it' });

export const viewBody = z.strictObject({
  filter: filterBody.meta({ id: 'ViewFilter', description: 'As of GET /v1/runs' }),
  last: last.optional(),
  columns: columns.optional(),
  shared: z
    .boolean()
    .default(false)
    .meta({ description: 'Whether others who may see its project see it; takes the role operator' }),
});

export const viewEntry = z
  .object({
    id: resourceId,
    name: z.string(),
    filter: z.record(z.string(), z.unknown()),
    last: z.string().nullable(),
    columns: z.array(z.string()).nullable(),
    shared: z.boolean(),
    own: z.boolean().meta({ description: 'Whether it is one of the caller' }),
    owner: actor,
    project_id: resourceId.nullable().meta({ description: 'Null: every project of the workspace' }),
    created_at: time,
    updated_at: time,
  })
  .meta({ id: 'View' });
export const viewEntries = z.object({ items: z.array(viewEntry) }).meta({ id: 'ViewList' });

export const savedViewView = (view: SavedView, caller: Pick<Caller, 'id'>) =>
  viewOf(viewEntry, { ...view, own: view.owner.id === caller.id, projectId: view.project });
