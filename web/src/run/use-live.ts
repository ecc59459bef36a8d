import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { call } from '../api/call.ts';
import { queries, type RunEvent, runQuery } from '../api/queries.ts';

const PAGE = 1000;
const MOST_LINES = 5000;
const WAIT_S = 20;
const AGAIN_MS = 1500;
/** Lines that come together ask for the run once. */
const SETTLE_MS = 120;

export interface Log {
  lines: readonly RunEvent[];
  /** There are more lines than are kept here: ask the API for those of a step or a type. */
  isCut: boolean;
  isWhole: boolean;
}

/** The log of a run, line by line as it happens; whatever shows the run is asked for anew when something has. */
export function useLog(runId: string, isLive: boolean | undefined): Log {
  const [log, setLog] = useState<Log>({ lines: [], isCut: false, isWhole: false });
  useEffect(() => {
    const gone = new AbortController();
    setLog({ lines: [], isCut: false, isWhole: false });
    let settle: ReturnType<typeof setTimeout> | undefined;
    const heard = () => {
      clearTimeout(settle);
      settle = setTimeout(() => void queries.invalidateQueries({ queryKey: ['run', runId] }), SETTLE_MS);
    };
    const follow = async () => {
      let after: number | undefined;
      let count = 0;
      let caughtUp = false;
      while (!gone.signal.aborted) {
        try {
          const query = {
            limit: PAGE,
            ...(after !== undefined && { after: String(after) }),
            ...(caughtUp && isLive && { wait: WAIT_S }),
          };
          const { items } = await call('getRunEvents', { params: { run_id: runId }, query }, gone.signal);
          after = items.at(-1)?.id ?? after;
          count += items.length;
          if (items.length > 0)
            setLog(({ lines }) => ({ lines: [...lines, ...items], isCut: count >= MOST_LINES, isWhole: false }));
          if (caughtUp && items.length > 0) heard();
          if (items.length < PAGE) caughtUp = true;
          if ((caughtUp && !isLive) || count >= MOST_LINES) return setLog((now) => ({ ...now, isWhole: count < MOST_LINES }));
        } catch {
          if (!gone.signal.aborted) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
        }
      }
    };
    if (isLive !== undefined) void follow();
    return () => {
      clearTimeout(settle);
      gone.abort();
    };
  }, [runId, isLive]);
  return log;
}

/** The run; while it lives it is looked at now and then as well, should a line go amiss. */
export const useRun = (runId: string) =>
  useQuery({ ...runQuery(runId), refetchInterval: ({ state }) => (state.data && state.data.ended_at === null ? 5000 : false) });
