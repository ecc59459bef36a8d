import type { Entry } from '../model/entry.ts';
import { dueAtOf, keptAnewInLife, START_GRACE_MS } from '../model/project.ts';
import { deadlineOf, type Run } from '../model/run.ts';
import type { RunState } from '../model/state.ts';
import { type EngineServices, LIVE_SHARDS } from '../ports.ts';
import { takePlace } from '../tell/take-place.ts';
import { decideUndriven, nextExecution, settle, type Told, tell } from '../tell/tell.ts';

export interface Swept {
  /** Runs that were due. */
  seen: number;
  /** Executions started. */
  started: number;
  /** Runs that could not be dealt with now; they come again. */
  failed: { id: string; error: unknown }[];
  /** How long the oldest was due when it was looked at, in milliseconds. */
  oldestMs: number;
}

const PAGE = 50;
/** How long a look may take, before the run comes up again. */
const LOOK_MS = 60_000;
const LONGEST_LOOK_MS = 6 * 3_600_000;

/**
 * Looks at the live runs whose time has come, every shard side by side, until all are done or the time is up: a driver that was lost is followed by the
 * next, a deadline ends its run, a row that is behind is mended. What cannot be dealt with comes again later and later, and holds up no other.
 */
export async function sweep(services: EngineServices, until: Date): Promise<Swept> {
  const swept: Swept = { seen: 0, started: 0, failed: [], oldestMs: 0 };
  await Promise.all(Array.from({ length: LIVE_SHARDS }, (_, shard) => sweepShard(services, shard, until, swept)));
  return swept;
}

async function sweepShard(services: EngineServices, shard: number, until: Date, swept: Swept): Promise<void> {
  for (;;) {
    const now = services.now();
    if (now >= until) return;
    const due = await services.runs.due(shard, now.toISOString(), PAGE);
    for (const { id, dueAt } of due) {
      if (services.now() >= until) return;
      await look(services, id, dueAt, swept);
    }
    if (due.length < PAGE) return;
  }
}

async function look(services: EngineServices, id: string, dueAt: string, swept: Swept): Promise<void> {
  const now = services.now();
  const lateMs = now.getTime() - Date.parse(dueAt);
  try {
    // Taken first: whatever happens now, the run comes up again, and no other sweeper looks at it.
    const later = laterAt(now, lateMs);
    if (!(await services.runs.takeDue(id, dueAt, later))) return;
    swept.seen += 1;
    swept.oldestMs = Math.max(swept.oldestMs, lateMs);
    if (await goOn(services, id, now, later)) swept.started += 1;
  } catch (error) {
    swept.failed.push({ id, error });
  }
}

/** The later it is dealt with, the longer until the next look. */
const laterAt = (now: Date, lateMs: number) =>
  new Date(now.getTime() + Math.min(Math.max(LOOK_MS, lateMs), LONGEST_LOOK_MS)).toISOString();

/** Whether an execution was started. */
async function goOn(services: EngineServices, id: string, now: Date, later: string): Promise<boolean> {
  let starts = false;
  const told = await tell(services, id, (state, run) => {
    const said = state.ended ? [] : consequences(services, run, state, now);
    starts = said.some(({ type }) => type === 'execution_started');
    return said;
  });
  if (!told) return false;
  const { run, state } = told;
  // Whoever ended it may not have come to tell whom it concerns.
  if (state.ended) {
    await settle(services, run, state);
    return false;
  }
  await keep(services, told, now);
  if (state.queued) await takePlace(services, run);
  if (starts) services.watcher.driverLost(id);
  else await putOff(services, told, later);
  return starts;
}

/** Nothing is to be done now: the next look comes when something will be. */
async function putOff({ runs, now }: EngineServices, { run, state }: Told, later: string): Promise<void> {
  const next = dueAtOf(run, state, now());
  if (next !== undefined && next > later) await runs.takeDue(run.id, later, next);
}

/** What a run needs whose driver has not been heard of in time. */
function consequences(services: EngineServices, run: Run, state: RunState, now: Date): Entry[] {
  if (state.pause?.paused || isDriven(state, now)) return [];
  const { entries, begin, passed } = decideUndriven(services, run, state);
  if (entries.some(({ type }) => type === 'run_ended')) return entries;
  // Whoever lets it go on finds that nobody drives it.
  if (entries.some(({ type }) => type === 'run_paused')) return [...entries, { type: 'driver_left', at: now.toISOString() }];
  if (state.queued) return [];
  // It is too late for an answer; what follows is written with that.
  if (state.left && entries.some(({ type }) => type === 'task_expired')) return entries;
  // It waits for a person or a child and is not due for anything else.
  if (state.left && state.left.until === undefined && begin.length === 0 && !passed) return [];
  return [nextExecution(state, now)];
}

/** Its driver has come late, but it has come. */
const isDriven = ({ driver, left }: RunState, now: Date) =>
  driver !== undefined && !left && now.getTime() - Date.parse(driver.at) < START_GRACE_MS;

/** A live run stays, however long it lives: what it stands still puts off its end. */
async function keep({ runs, retentionDays }: EngineServices, { run, state }: Told, now: Date): Promise<void> {
  const since = Date.parse(state.pause?.at ?? state.queued?.at ?? now.toISOString());
  const last = new Date(deadlineOf(run, state).getTime() + now.getTime() - since);
  const until = keptAnewInLife(run, last, retentionDays);
  if (until !== undefined) await runs.keep(run.id, until);
}
