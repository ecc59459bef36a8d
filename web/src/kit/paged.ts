import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect } from 'react';

interface Page<Item> {
  items: Item[];
  continuation_token: string | null;
}

/** A list of the API, page after page. */
export function usePaged<Item>(
  key: readonly unknown[],
  fetchPage: (token: string | undefined, signal: AbortSignal) => Promise<Page<Item>>,
  lookEveryMs?: number,
) {
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => fetchPage(pageParam || undefined, signal),
    initialPageParam: '',
    ...(lookEveryMs !== undefined && { refetchInterval: lookEveryMs }),
    getNextPageParam: (last: Page<Item>) => last.continuation_token ?? undefined,
  });
  return { ...query, items: query.data?.pages.flatMap(({ items }) => items) ?? [] };
}

/** More than that nobody looks through by hand. */
const MOST_PAGES = 20;

interface Growing {
  hasNextPage: boolean;
  isFetching: boolean;
  fetchNextPage: () => unknown;
  data: { pages: readonly unknown[] } | undefined;
}

/** While something is looked for, the list is read to its end: what is found nowhere is not there. */
export function useAllOf({ hasNextPage, isFetching, fetchNextPage, data }: Growing, isSought: boolean): void {
  const isMore = isSought && hasNextPage && !isFetching && (data?.pages.length ?? 0) < MOST_PAGES;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the function is another each time, and does the same
  useEffect(() => {
    if (isMore) void fetchNextPage();
  }, [isMore]);
}
