import { useInfiniteQuery } from '@tanstack/react-query';

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
