import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo } from 'react';
import { call, type Result } from '../api/call.ts';
import { useFeed } from '../api/live.ts';
import { queries } from '../api/queries.ts';
import { queryOf, type RunsSearch } from './filter.ts';

const PAGE = 50;
const LOOK_EVERY_MS = 3000;
/** While news come by themselves; should one go amiss. */
const LOOK_SELDOM_MS = 30_000;

/**
 * A list of runs that nothing moves under the pointer: what is listed changes in place, what is new waits until it is asked for. News come
 * by themselves; without a connection for them they are looked for every few seconds.
 */
export function useRuns({ columns: _, ...search }: RunsSearch) {
  const key = JSON.stringify(search);
  const query = useMemo(() => queryOf(JSON.parse(key), Date.now()), [key]);
  const list = useInfiniteQuery({
    queryKey: ['runs', 'list', key],
    queryFn: ({ pageParam, signal }) =>
      call('listRuns', { query: { ...query, limit: PAGE, ...(pageParam !== '' && { continuation_token: pageParam }) } }, signal),
    initialPageParam: '',
    getNextPageParam: (last: Result<'listRuns'>) => last.continuation_token ?? undefined,
    placeholderData: keepPreviousData,
    refetchOnWindowFocus: false,
    staleTime: 5000,
  });
  const isLive = useFeed(query, () => queries.invalidateQueries({ queryKey: ['runs', 'head', key] }));
  const head = useQuery({
    queryKey: ['runs', 'head', key],
    queryFn: ({ signal }) => call('listRuns', { query: { ...query, limit: PAGE } }, signal),
    refetchInterval: isLive ? LOOK_SELDOM_MS : LOOK_EVERY_MS,
    enabled: list.isSuccess,
  });
  const histogram = useQuery({
    queryKey: ['runs', 'histogram', key],
    queryFn: ({ signal }) =>
      call('getRunHistogram', { query: { ...query, status: undefined, bucket: bucketFor(query) } }, signal),
    placeholderData: keepPreviousData,
    refetchInterval: 5 * LOOK_EVERY_MS,
  });

  const listed = list.data?.pages.flatMap(({ items }) => items) ?? [];
  const fresh = new Map((head.data?.items ?? []).map((run) => [run.id, run]));
  const known = new Set(listed.map(({ id }) => id));
  const newest = listed[0]?.id ?? '';
  const showWaiting = () => queries.invalidateQueries({ queryKey: ['runs', 'list', key] });
  const waiting = list.isPlaceholderData ? [] : [...fresh.values()].filter(({ id }) => !known.has(id) && id > newest);
  // In an empty list there is nothing that a new row could move.
  const isFirst = list.isSuccess && listed.length === 0 && waiting.length > 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: it asks for the list of the same key
  useEffect(() => {
    if (isFirst) void showWaiting();
  }, [isFirst, key]);
  return {
    runs: listed.map((run) => fresh.get(run.id) ?? run),
    waiting: waiting.length,
    searchedTo: list.data?.pages.at(-1)?.searched_to ?? null,
    list,
    histogram: histogram.data,
    query,
    showWaiting,
  };
}

const HOURS_SHOWN_MS = 3 * 86_400_000;

/** Hours where few days are asked for. */
const bucketFor = ({ from, to }: { from?: string | undefined; to?: string | undefined }) =>
  from !== undefined && (to ? Date.parse(to) : Date.now()) - Date.parse(from) <= HOURS_SHOWN_MS
    ? ('hour' as const)
    : ('day' as const);
