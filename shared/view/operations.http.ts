import * as z from 'zod';
import { operation } from '../edge/route.ts';
import { resourceId } from '../edge/schema.ts';
import { viewBody, viewEntries, viewEntry, viewName } from './saved-view.http.ts';

const at = { tag: 'runs', entry: 'api/views' } as const;
const params = z.object({ view_name: viewName });

export const views = {
  listViews: operation({
    ...at,
    method: 'GET',
    path: '/v1/views',
    summary: 'Saved filters of runs: your own by name, and those that others share',
    responses: { 200: viewEntries },
  }),
  saveView: operation({
    ...at,
    method: 'PUT',
    path: '/v1/views/{view_name}',
    summary: 'Save a filter of runs under a name, or change it',
    act: 'view.save',
    params,
    body: viewBody,
    responses: { 200: viewEntry },
    refuses: [409],
  }),
  deleteView: operation({
    ...at,
    method: 'DELETE',
    path: '/v1/views/{view_name}',
    summary: 'Delete a saved filter',
    act: 'view.delete',
    params,
    query: z.strictObject({
      owner_id: resourceId
        .optional()
        .meta({ description: 'Whose it is; yours when absent. What others share, an admin deletes' }),
    }),
    responses: { 204: '' },
  }),
};
