import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { call, type Result } from '../api/call.ts';
import { queries } from '../api/queries.ts';

export type TaskEntry = Result<'listTasks'>['items'][number];
export type Task = Result<'getTask'>;

const PAGE = 100;
const LOOK_EVERY_MS = 10_000;

export const tasksChanged = () =>
  Promise.all([queries.invalidateQueries({ queryKey: ['tasks'] }), queries.invalidateQueries({ queryKey: ['inbox'] })]);

/**
 * Open tasks, newest first. What is listed stays where it is, also when somebody has answered it meanwhile; what is new waits until it is asked for.
 */
export function useTasks(assignee: string) {
  const list = useInfiniteQuery({
    queryKey: ['tasks', 'open', assignee],
    queryFn: ({ pageParam, signal }) =>
      call(
        'listTasks',
        {
          query: {
            status: 'open',
            limit: PAGE,
            ...(assignee && { assignee }),
            ...(pageParam && { continuation_token: pageParam }),
          },
        },
        signal,
      ),
    initialPageParam: '',
    getNextPageParam: (last: Result<'listTasks'>) => last.continuation_token ?? undefined,
    refetchInterval: LOOK_EVERY_MS,
  });
  const [base, setBase] = useState<{ assignee: string; items: readonly TaskEntry[] }>();
  const items = list.data?.pages.flatMap((page) => page.items);
  if (items && base?.assignee !== assignee) setBase({ assignee, items });
  const listed = base?.items ?? [];
  const newest = listed[0]?.opened_at ?? '';
  const known = new Set(listed.map(({ id }) => id));
  const open = new Map((items ?? []).map((task) => [task.id, task]));
  const others = [...open.values()].filter(({ id }) => !known.has(id));
  const older = others.filter(({ opened_at }) => listed.length > 0 && opened_at <= newest);
  return {
    list,
    tasks: [...listed, ...older].map((task) => open.get(task.id) ?? task),
    isOpen: (id: string) => open.has(id),
    waiting: others.length - older.length,
    /** Takes what is new, and leaves out what is done. */
    renew: () => items && setBase({ assignee, items }),
  };
}
