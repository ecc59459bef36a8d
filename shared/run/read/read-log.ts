import { creationEvent, eventOf, type RunEvent, skipEvent } from '../model/event.ts';
import type { Run } from '../model/run.ts';
import type { EngineServices } from '../ports.ts';
import { GLIMPSE_BYTES } from '../shown/cut-value.ts';
import { type ShownValues, wholeOf } from '../shown/shown-values.ts';

export interface LogFilter {
  /** Id of the last line that was seen. */
  after: number | undefined;
  limit: number;
  step?: string | undefined;
  type?: RunEvent['type'] | undefined;
  /** Words of the message or the place, without regard to case. */
  q?: string | undefined;
}

export interface LogPage {
  items: RunEvent[];
  /** Id behind which more lines wait. */
  next: number | undefined;
}

/** Entries read at once; a filtered page may read some thousand of them and still be short. */
const READ_AT_ONCE = 500;
const MOST_READ = 5_000;

/**
 * The log behind a line, oldest first. A line's id is the number of its entry, so that whoever goes on from the last line it was told sees every
 * line once.
 */
export async function readLog(
  { runs }: Pick<EngineServices, 'runs'>,
  run: Run,
  { after = -1, limit, ...filter }: LogFilter,
): Promise<LogPage> {
  const items: RunEvent[] = [];
  const fits = fitting(filter);
  if (after < 0 && fits(creationEvent(run))) items.push(creationEvent(run));
  if (run.status === 'skipped')
    return { items: after < 1 && fits(skipEvent(run)) ? [...items, skipEvent(run)] : items, next: undefined };

  let number = Math.max(after, 0);
  for (let read = 0; read < MOST_READ; ) {
    const entries = await runs.entriesAfter(run.id, number, READ_AT_ONCE);
    for (const entry of entries) {
      if (items.length === limit) return { items, next: number };
      number += 1;
      const event = eventOf(entry, number);
      if (event && fits(event)) items.push(event);
    }
    read += entries.length;
    if (entries.length === 0) return { items, next: undefined };
  }
  return { items, next: number };
}

/** What a line is looked through for is what everybody sees of it: `data` and outputs, which are masked only as they are shown, are not. */
function fitting({ step, type, q }: Pick<LogFilter, 'step' | 'type' | 'q'>) {
  const words = q?.toLowerCase();
  return (event: RunEvent) =>
    (step === undefined || event.step === step) &&
    (type === undefined || event.type === type) &&
    (words === undefined ||
      [event.message, `${event.scope ?? ''}${event.step ?? ''}`].some((text) => text.toLowerCase().includes(words)));
}

/** A line as it is shown: with its output, or the beginning of it and where the whole is. */
export function shownEvent(values: Pick<ShownValues, 'glimpse'>, runId: string, { output, data, ...line }: RunEvent) {
  const key = `${line.scope ?? ''}${line.step ?? ''}`;
  const shown = output ? values.glimpse(output, GLIMPSE_BYTES, wholeOf(runId, 'outputs', key)) : data;
  return shown === undefined ? line : { ...line, data: shown };
}
