import { QueryClient, queryOptions } from '@tanstack/react-query';
import { call, Refused, type Result } from './call.ts';

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2000,
      retry: (count, error) => count < 3 && !(error instanceof Refused && error.status < 500 && error.status !== 429),
      refetchOnWindowFocus: true,
    },
  },
});

export type Run = Result<'getRun'>;
export type RunEntry = Result<'listRuns'>['items'][number];
export type StepState = Result<'getRunContext'>['steps'][number];
export type RunEvent = Result<'getRunEvents'>['items'][number];
export type Workflow = Result<'getWorkflow'>;
export type WorkflowEntry = Result<'listWorkflows'>['items'][number];
export type OutlinedStep = NonNullable<Result<'checkWorkflow'>['plan']>['steps'][number];

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: ({ signal }) => call('getMe', undefined, signal),
  staleTime: 60_000,
});

export const runQuery = (id: string) =>
  queryOptions({ queryKey: ['run', id], queryFn: ({ signal }) => call('getRun', { params: { run_id: id } }, signal) });

/** The text that a run follows. It never changes. */
export const definitionQuery = (runId: string, hash: string | undefined) =>
  queryOptions({
    queryKey: ['definition', hash],
    queryFn: ({ signal }) => call('getRunDefinition', { params: { run_id: runId } }, signal),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: hash !== undefined,
  });

/** A published version. It never changes. */
export const versionQuery = (workflow_id: string, version: number | undefined) =>
  queryOptions({
    queryKey: ['version', workflow_id, version],
    queryFn: ({ signal }) => call('getVersion', { params: { workflow_id, version: version ?? 0 } }, signal),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: version !== undefined,
  });

/** What is to be said of a text, and its steps. */
export const outlineQuery = (source: string | undefined) =>
  queryOptions({
    queryKey: ['outline', source],
    queryFn: ({ signal }) => call('checkWorkflow', { body: { definition: source || ' ' } }, signal),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: source !== undefined,
  });

export const workflowsQuery = queryOptions({
  queryKey: ['workflows'],
  queryFn: async ({ signal }) => {
    const all: WorkflowEntry[] = [];
    for (let token: string | undefined; ; ) {
      const page: Result<'listWorkflows'> = await call(
        'listWorkflows',
        { query: { limit: 100, ...(token !== undefined && { continuation_token: token }) } },
        signal,
      );
      all.push(...page.items);
      token = page.continuation_token ?? undefined;
      if (token === undefined || all.length >= 2000) return all;
    }
  },
  staleTime: 15_000,
});

export const workflowQuery = (id: string) =>
  queryOptions({
    queryKey: ['workflow', id],
    queryFn: ({ signal }) => call('getWorkflow', { params: { workflow_id: id } }, signal),
  });

/** Whatever shows runs is asked for anew. */
export function runsChanged(id?: string): Promise<unknown> {
  return Promise.all([
    queries.invalidateQueries({ queryKey: ['runs'] }),
    ...(id === undefined ? [] : [queries.invalidateQueries({ queryKey: ['run', id] })]),
  ]);
}
