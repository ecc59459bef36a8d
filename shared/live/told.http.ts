import type { Entry } from '../run/model/entry.ts';
import { eventOf, type RunEvent } from '../run/model/event.ts';
import type { Run } from '../run/model/run.ts';
import { runEntryView } from '../run/run.http.ts';
import { FEED, runTopic } from './live.ts';

/** A line of the log without what its step gave: that is looked at where secrets are known. */
function lineOf({ output: _, data: __, ...line }: RunEvent): object {
  return line;
}

export const eventMessage = (runId: string, event: RunEvent) => ({
  topic: runTopic(runId),
  cursor: event.id,
  event: lineOf(event),
});

/** The lines that entries put into the log, the first of them of that number. */
export const eventMessages = (runId: string, from: number, entries: readonly Entry[]) =>
  entries.flatMap((entry, place) => {
    const event = eventOf(entry, from + place);
    return event ? [eventMessage(runId, event)] : [];
  });

export const runMessage = (cursor: string, run: Run) => ({ topic: FEED, cursor, run: runEntryView(run) });

export const laggingMessage = (topic: string) => ({ topic, lagging: true });
export const errorMessage = (name: string, message: string) => ({ error: { name, message } });
