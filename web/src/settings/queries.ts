import { queryOptions } from '@tanstack/react-query';
import { call } from '../api/call.ts';

/** For how long the workspace keeps runs. */
export const retentionQuery = queryOptions({
  queryKey: ['retention'],
  queryFn: ({ signal }) => call('getRetention', undefined, signal),
});
