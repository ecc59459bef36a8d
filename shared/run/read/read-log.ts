import { parseJson } from '../../json.ts';
import { creationEvent, eventOf, type RunEvent, skipEvent } from '../model/event.ts';
import type { Run } from '../model/run.ts';
import type { Stored } from '../model/stored.ts';
import type { Engine } from '../ports.ts';

export interface LogFilter {
  /** Id of the last line that was seen. */
  after: number | undefined;
  limit: number;
  step?: string | undefined;
  type?: RunEvent['type'] | undefined;
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
  { runs }: Pick<Engine, 'runs'>,
  run: Run,
  { after = -1, limit, step, type }: LogFilter,
): Promise<LogPage> {
  const items: RunEvent[] = [];
  const fits = (event: RunEvent) => (step === undefined || event.step === step) && (type === undefined || event.type === type);
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

/** Data of a line is cut here; the whole lies in the context of the run. */
const DATA_LIMIT_BYTES = 4 * 1024;

/** A line as it is shown: with its output, or the beginning of it and where the whole is. */
export function shownEvent(runId: string, { output, data, ...line }: RunEvent) {
  const shown = output ? cutValue(runId, `${line.scope ?? ''}${line.step ?? ''}`, output) : data;
  return shown === undefined ? line : { ...line, data: shown };
}

/** The value, or its beginning and where the whole is. */
export function cutValue(runId: string, key: string, value: Stored): unknown {
  const whole = `/v1/runs/${runId}/context?step=${encodeURIComponent(key)}`;
  if ('ref' in value) return { truncated: true, bytes: value.bytes, whole };
  const bytes = Buffer.byteLength(value.json);
  if (bytes <= DATA_LIMIT_BYTES) return parseJson(value.json);
  return { truncated: true, bytes, start: value.json.slice(0, DATA_LIMIT_BYTES), whole };
}
