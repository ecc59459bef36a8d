import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { call } from '../api/call.ts';
import { Bell, live } from '../api/live.ts';
import { queries, type RunEvent, runQuery } from '../api/queries.ts';
import { hearing, type Speech, stillSpeaking } from './speech.ts';

const PAGE = 1000;
const MOST_LINES = 5000;
const WAIT_S = 20;
const AGAIN_MS = 1500;
/** Lines that come together ask for the run once. */
const SETTLE_MS = 120;
/** What a long run has done is much: it is asked for once a second. */
const MANY_LINES = 500;
const SETTLE_LONG_MS = 900;
const LOOK_EVERY_MS = 5000;
/** While news come by themselves; should one go amiss. */
const LOOK_SELDOM_MS = 30_000;

/** A run is shown as ended a moment after its log says so. */
const END = /^run_(succeeded|failed|cancelled|timed_out)$/;

const topicOf = (runId: string) => `run:${runId}` as const;

export interface Log {
  lines: readonly RunEvent[];
  /** There are more lines than are kept here: ask the API for those of a step or a type. */
  isCut: boolean;
  isWhole: boolean;
  /** What models say at this moment. */
  speeches: readonly Speech[];
}

const NOTHING: Log = { lines: [], isCut: false, isWhole: false, speeches: [] };

/** The log of a run, line by line as it happens; whatever shows the run is asked for anew when something has. */
export function useLog(runId: string, isLive: boolean | undefined): Log {
  const [log, setLog] = useState(NOTHING);
  useEffect(() => {
    const gone = new AbortController();
    setLog(NOTHING);
    let count = 0;
    let settle: ReturnType<typeof setTimeout> | undefined;
    let end: ReturnType<typeof setTimeout> | undefined;
    const ask = () => void queries.invalidateQueries({ queryKey: ['run', runId] });
    const heard = (items: readonly RunEvent[]) => {
      settle ??= setTimeout(
        () => {
          settle = undefined;
          ask();
        },
        count > MANY_LINES ? SETTLE_LONG_MS : SETTLE_MS,
      );
      if (items.some(({ type }) => END.test(type))) end ??= setTimeout(ask, AGAIN_MS);
    };
    let after: number | undefined;
    const bell = new Bell();
    const listens = isLive
      ? live.listen(topicOf(runId), {
          subscription: () => ({ subscribe: topicOf(runId), ...(after !== undefined && { after }) }),
          onNews: () => bell.ring(),
          onChunk: (chunk) => setLog((now) => ({ ...now, speeches: hearing(now.speeches, chunk) })),
        })
      : undefined;
    const unwatched = live.watch(() => bell.ring());
    /** What comes behind the lines that are kept here is still news of the run. */
    const goOnAsking = async () => {
      while (!gone.signal.aborted) {
        await bell.heard(LOOK_SELDOM_MS);
        if (gone.signal.aborted) return;
        ask();
        await new Promise((resolve) => setTimeout(resolve, SETTLE_LONG_MS));
      }
    };
    const follow = async () => {
      let caughtUp = false;
      while (!gone.signal.aborted) {
        try {
          const isTold = caughtUp && live.hears(topicOf(runId));
          if (isTold) await bell.heard(LOOK_SELDOM_MS);
          if (gone.signal.aborted) return;
          const query = {
            limit: PAGE,
            ...(after !== undefined && { after: String(after) }),
            ...(caughtUp && isLive && !isTold && { wait: WAIT_S }),
          };
          const { items } = await call('getRunEvents', { params: { run_id: runId }, query }, gone.signal);
          after = items.at(-1)?.id ?? after;
          count += items.length;
          if (items.length > 0)
            setLog(({ lines, speeches }) => ({
              lines: [...lines, ...items],
              isCut: count >= MOST_LINES,
              isWhole: false,
              speeches: stillSpeaking(speeches, items),
            }));
          if (isLive && items.length > 0) heard(items);
          if (isTold) await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
          if (items.length < PAGE) caughtUp = true;
          if ((caughtUp && !isLive) || count >= MOST_LINES) {
            setLog((now) => ({ ...now, isWhole: count < MOST_LINES }));
            if (isLive) await goOnAsking();
            return;
          }
        } catch {
          if (!gone.signal.aborted) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
        }
      }
    };
    if (isLive !== undefined) void follow();
    return () => {
      clearTimeout(settle);
      clearTimeout(end);
      gone.abort();
      bell.ring();
      listens?.();
      unwatched();
    };
  }, [runId, isLive]);
  return log;
}

/** The run; while it lives it is looked at now and then as well. */
export const useRun = (runId: string) =>
  useQuery({
    ...runQuery(runId),
    refetchInterval: ({ state }) =>
      state.data && state.data.ended_at === null ? (live.hears(topicOf(runId)) ? LOOK_SELDOM_MS : LOOK_EVERY_MS) : false,
  });
