import { useQueries } from '@tanstack/react-query';
import { call, type Result } from '../api/call.ts';
import { boundsOf, dayAfter, dayOf } from '../kit/days.ts';
import { useNow, useZone } from '../kit/time.tsx';

type Page = Result<'listUpcomingFires'>;
export type Fire = Page['items'][number];

export interface UpcomingDay {
  day: string;
  start: number;
  end: number;
  fires: Fire[];
  leftOut: Page['left_out'];
  clockChanges: Page['clock_changes'];
  /** There are more than are asked for. */
  isCut: boolean;
  /** There are more schedules than the API looks at. */
  isTruncated: boolean;
}

/** Today and seven more, so that any day of the week is among them whole. */
const DAYS = 8;
const PAGE = 1000;
/** A schedule of every minute has 1,440 fires a day. */
const MOST_PAGES = 5;
const MINUTE_MS = 60_000;

async function firesOf(day: string, start: number, end: number, signal: AbortSignal): Promise<UpcomingDay> {
  const query = { from: new Date(start).toISOString(), to: new Date(end - 1).toISOString(), limit: PAGE };
  const pages: Page[] = [];
  let token: string | undefined;
  do {
    const page: Page = await call(
      'listUpcomingFires',
      { query: { ...query, ...(token !== undefined && { continuation_token: token }) } },
      signal,
    );
    pages.push(page);
    token = page.continuation_token ?? undefined;
  } while (token !== undefined && pages.length < MOST_PAGES);
  return {
    day,
    start,
    end,
    fires: pages.flatMap(({ items }) => items),
    leftOut: pages.flatMap(({ left_out }) => left_out),
    clockChanges: pages[0]?.clock_changes ?? [],
    isCut: token !== undefined,
    isTruncated: pages.some(({ truncated }) => truncated),
  };
}

/** What the clock starts today and on the seven days after, day by day: a busy day hides no other. */
export function useUpcoming() {
  const zone = useZone();
  const today = dayOf(useNow(MINUTE_MS), zone);
  const days = Array.from({ length: DAYS }, (_, later) => dayAfter(today, later, zone));
  const found = useQueries({
    queries: days.map((day) => {
      const { start, end } = boundsOf(day, zone);
      return {
        queryKey: ['upcoming', start, end],
        queryFn: ({ signal }: { signal: AbortSignal }) => firesOf(day, start, end, signal),
        refetchInterval: MINUTE_MS,
      };
    }),
  });
  return days.map((day, at) => ({ day, ...boundsOf(day, zone), query: found[at] }));
}

/** The fires of one schedule on a day. */
export interface FiresOfOne {
  first: Fire;
  last: Fire;
  fires: Fire[];
}

/** Fires by their schedule, in the order of the first of each. */
export function bySchedule(fires: readonly Fire[]): FiresOfOne[] {
  const found = new Map<string, FiresOfOne>();
  for (const fire of fires) {
    const known = found.get(fire.schedule_id);
    if (known) {
      known.fires.push(fire);
      known.last = fire;
    } else found.set(fire.schedule_id, { first: fire, last: fire, fires: [fire] });
  }
  return [...found.values()];
}
