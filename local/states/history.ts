import * as z from 'zod';
import { seconds } from './paging.ts';
import type { Execution } from './store.ts';

const request = z.object({ reverseOrder: z.boolean().default(false) });

/** The start and the end of an execution. What happened in between is not kept here: runs have their own log. */
export function historyOf(execution: Execution, input: unknown) {
  const events = [started(execution), ...ended(execution)];
  return { events: request.parse(input).reverseOrder ? events.toReversed() : events };
}

function started({ startedMs, input }: Execution) {
  return {
    id: 1,
    previousEventId: 0,
    timestamp: seconds(startedMs),
    type: 'ExecutionStarted',
    executionStartedEventDetails: { input, inputDetails: { truncated: false }, roleArn: '' },
  };
}

function ended({ status, stoppedMs, output, error, cause }: Execution) {
  if (status === 'RUNNING' || stoppedMs === null) return [];
  const event = { id: 2, previousEventId: 1, timestamp: seconds(stoppedMs) };
  const failure = { ...(error !== null && { error }), ...(cause !== null && { cause }) };
  switch (status) {
    case 'SUCCEEDED':
      return [
        { ...event, type: 'ExecutionSucceeded', executionSucceededEventDetails: { output, outputDetails: { truncated: false } } },
      ];
    case 'FAILED':
      return [{ ...event, type: 'ExecutionFailed', executionFailedEventDetails: failure }];
    case 'TIMED_OUT':
      return [{ ...event, type: 'ExecutionTimedOut', executionTimedOutEventDetails: failure }];
    case 'ABORTED':
      return [{ ...event, type: 'ExecutionAborted', executionAbortedEventDetails: failure }];
  }
}
