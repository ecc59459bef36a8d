import { decodeTime } from 'ulid';
import { GLIMPSE_BYTES, thatFit } from './cut-value.ts';
import { type RunEvent, successor } from './event.ts';
import type { LogEntry, Runs } from './ports.ts';
import type { Run } from './run.ts';
import { type ShownValues, wholeOf } from './shown-values.ts';
import { isTerminal, type RunStatus } from './status.ts';

export interface LogPage {
  items: RunEvent[];
  /** Set while more lines wait behind the last one. */
  next: string | undefined;
}

/** A page is over when it holds so much, so that it fits into an answer. */
const PAGE_BYTES = 2 * 1024 * 1024;

/** Lines of a live run are told when they are this old: one that another worker is still writing may have to stand before them. */
const SETTLED_AFTER_MS = 500;

const END: Partial<Record<RunStatus, RunEvent['type']>> = {
  succeeded: 'run_succeeded',
  failed: 'run_failed',
  cancelled: 'run_cancelled',
  timed_out: 'run_timed_out',
  skipped: 'run_skipped',
};

/**
 * The log behind the line `after`, oldest first. The first two lines and the last are read from the run itself: whatever the clocks say,
 * nothing stands before its creation or behind its end. Whoever goes on from the last line it was told sees every line once.
 */
export async function readLog(
  runs: Pick<Runs, 'log'>,
  values: Pick<ShownValues, 'glimpse'>,
  run: Run,
  { after, limit, now }: { after?: string | undefined; limit: number; now: Date },
): Promise<LogPage> {
  const startedId = successor(run.id);
  const ended = endLine(run);
  if (after !== undefined && after === ended?.id) return { items: [], next: undefined };

  const found = await runs.log(run.id, after !== undefined && after > startedId ? after : startedId, limit);
  const entries = isTerminal(run.status) ? found.entries : found.entries.filter(({ logId }) => isSettled(logId, now));
  const more = found.more && entries.length === found.entries.length;

  const born: RunEvent[] = [{ id: run.id, time: run.createdAt, type: 'run_created', message: `Created by ${run.trigger}.` }];
  // A step may have written its lines before the run is marked as running.
  const startedAt = run.startedAt ?? (entries.length > 0 ? run.createdAt : undefined);
  if (startedAt !== undefined) born.push({ id: startedId, time: startedAt, type: 'run_started', message: 'Started.' });

  const lines = [...born, ...entries.flatMap((entry) => linesOf(values, run.id, entry))];
  const told = lines.filter(({ id }) => after === undefined || id > after);
  const all = more || !ended ? told : [...told, ended];
  const items = thatFit(all.slice(0, limit), PAGE_BYTES);
  return { items, next: more || all.length > items.length ? items.at(-1)?.id : undefined };
}

const isSettled = (logId: string, now: Date) => decodeTime(logId) <= now.getTime() - SETTLED_AFTER_MS;

function endLine(run: Run): RunEvent | undefined {
  const type = END[run.status];
  if (!type || !run.endedAt || !run.endedId) return undefined;
  const message = run.error ? `${run.error.name}: ${run.error.message}` : endMessage(run, type);
  return { id: run.endedId, time: run.endedAt, type, message, ...(run.error && { data: run.error }) };
}

function endMessage({ stop, reason }: Run, type: RunEvent['type']): string {
  if (type === 'run_cancelled' && stop) return `Stopped by ${stop.by}${stop.reason === undefined ? '.' : `: ${stop.reason}`}`;
  return reason ?? (type === 'run_succeeded' ? 'Succeeded.' : 'Ended.');
}

function linesOf(values: Pick<ShownValues, 'glimpse'>, runId: string, { events, key, output }: LogEntry): RunEvent[] {
  return events.map(({ output: hasOutput, data, ...line }) => {
    const value = hasOutput && output ? values.glimpse(output, GLIMPSE_BYTES, wholeOf(runId, 'outputs', key)) : data;
    return value === undefined ? line : { ...line, data: value };
  });
}
