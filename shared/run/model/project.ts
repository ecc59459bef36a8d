import { awsDollarsOf } from '../../usage/aws-dollars.ts';
import { creditsOf, sumOf } from '../../usage/credits.ts';
import { summedUsage } from '../../usage/usage.ts';
import { fitsExpress } from '../../workflow/longest-step.ts';
import type { Outcome } from '../../workflow/retention.ts';
import { deadlineOf, type Projection, type Run } from './run.ts';
import type { RunState } from './state.ts';
import type { RunStatus } from './status.ts';

/** When the sweeper looks at a run that waits for somebody, or is paused: nobody can be sure of being told, and what is kept of it stays kept. */
const PARKED_LOOK_MS = 6 * 3_600_000;
/** Of one that waits to be let in: whoever makes room lets it in, unless something broke off there. */
const QUEUED_LOOK_MS = 15 * 60_000;
/** After the instant at which an execution should have come back. */
const WAKE_GRACE_MS = 60_000;
/** A driver that has not come by then has been lost. */
export const START_GRACE_MS = 30_000;

/** What the row shows of a run in this state. */
export function projectionOf(run: Run, state: RunState): Projection {
  const { ended, pause, stop, queued } = state;
  return {
    seen: state.seen,
    status: state.status,
    startedAt: state.startedAt ?? (ended && run.createdAt),
    endedAt: ended?.at,
    outputs: ended?.outputs,
    error: ended?.error,
    reason: ended ? ended.reason : stepReason(state),
    deadline: deadlineOf(run, state).toISOString(),
    at: standsAt(state),
    execution: state.execution,
    steps: state.countSteps(),
    exceptions: countExceptions(state) || undefined,
    helped: (ended && wasHelped(state)) || undefined,
    credits: creditsSoFar(run, state) || undefined,
    awsDollars: ended && dollarsOf(state),
    queued: ended ? undefined : queued,
    pause: pause && { actor: pause.actor, at: pause.at, reason: pause.reason },
    stop: stop && { mode: stop.until === undefined ? 'immediate' : 'graceful', ...stop },
    snapshot: run.snapshot,
  };
}

/** Whether a person has done something about it since it began: paused it, or been asked. */
const wasHelped = ({ pausedMs, pause, tasks }: RunState) => pausedMs > 0 || pause !== undefined || tasks.size > 0;

/** It came to a good end without a person having had to help: and it runs nothing again. */
export const isUnaided = (run: Pick<Run, 'trigger'>, state: RunState) =>
  state.status === 'succeeded' && run.trigger !== 'rerun' && !wasHelped(state);

/** Why a run that has begun does not get on: the first of its steps that wait for their turn, when all it does is wait. */
function stepReason({ active, steps, left }: RunState): string | undefined {
  if (!left) return undefined;
  for (const key of active) {
    const { queued, id } = steps.get(key) ?? {};
    if (queued) return `step "${id}" is queued: ${queued.reason}`;
  }
  return undefined;
}

/**
 * Where a run stands that nobody drives: at the first of its steps that wait, or, between two, in a group or before the next. Of one that is driven the
 * row does not say it: that would be a write for every step.
 */
function standsAt({ plan, active, steps, left, pause, queued, ended }: RunState): string | undefined {
  if (ended || queued || !(left || pause?.paused)) return undefined;
  const begun = [...active];
  const isWaiting = (key: string) => steps.get(key)?.status !== 'running';
  return begun.find(isWaiting) ?? begun.at(-1) ?? plan.top.find((id) => !steps.has(id));
}

/** Live or ended, by the prices of the day on which the run was created. A test costs nothing. */
const creditsSoFar = ({ createdAt, trigger }: Run, { usage }: RunState) =>
  trigger === 'test' ? 0 : sumOf(creditsOf(summedUsage(Object.values(usage)), createdAt));

/** A dollar has more digits than anybody needs to know. */
const dollarsOf = ({ plan, counts, execution, drivers, drivenMs }: RunState) =>
  Number(
    awsDollarsOf({
      steps: counts.succeeded + counts.failed + counts.cancelled,
      executions: execution,
      drivers,
      drivenMs,
      standard: !fitsExpress(plan),
    }).toPrecision(3),
  );

/** How many steps wait for somebody to say what becomes of their failure. */
function countExceptions({ tasks, ended }: RunState): number {
  if (ended) return 0;
  return [...tasks.values()].filter(({ kind, closed }) => kind === 'exception' && closed === undefined).length;
}

/** When the sweeper should look at a live run that nobody drives, or whose next driver is still to come. A driver says itself how long it may take. */
export function dueAtOf(run: Run, state: RunState, now: Date): string | undefined {
  if (state.ended || (state.driver && !state.left)) return undefined;
  const drained = state.stop ? Date.parse(state.stop.until ?? state.stop.at) : Number.POSITIVE_INFINITY;
  return new Date(Math.min(wakeMs(state, now, deadlineOf(run, state)), drained)).toISOString();
}

function wakeMs({ pause, left, tasks, queued }: RunState, now: Date, deadline: Date): number {
  if (pause?.paused) return now.getTime() + PARKED_LOOK_MS;
  if (queued) return Date.parse(queuedLookAt(queued.until, now));
  if (!left) return now.getTime() + START_GRACE_MS;
  const wake = left.until === undefined ? now.getTime() + PARKED_LOOK_MS : Date.parse(left.until) + WAKE_GRACE_MS;
  return Math.min(wake, firstExpiryMs(tasks), deadline.getTime());
}

/** When the sweeper looks at a run that waits to be let in; the end of a window may be moved. */
export function queuedLookAt(until: string | undefined, now: Date): string {
  const lookMs = now.getTime() + QUEUED_LOOK_MS;
  const untilMs = until === undefined ? lookMs : Date.parse(until);
  return new Date(untilMs > now.getTime() ? Math.min(lookMs, untilMs) : lookMs).toISOString();
}

/** When the first of the open tasks is too late for an answer. Nobody waits for that but the sweeper. */
function firstExpiryMs(tasks: RunState['tasks']): number {
  const open = [...tasks.values()].filter(({ closed, until }) => closed === undefined && until !== undefined);
  return Math.min(...open.map(({ until = '' }) => Date.parse(until)));
}

/** What a run has come to, as far as it matters for how long it is kept. */
const OUTCOME: Partial<Record<RunStatus, Outcome>> = {
  succeeded: 'succeeded',
  skipped: 'succeeded',
  failed: 'failed',
  timed_out: 'failed',
  cancelled: 'stopped',
};

/** When the row of a run that has ended may go, in seconds since 1970; its workspace or workflow may have said that this is sooner. */
export function keptAfterEnd(
  { endedAt, status, retention }: Pick<Run, 'endedAt' | 'status' | 'retention'>,
  most: number,
): number | undefined {
  const outcome = OUTCOME[status];
  if (endedAt === undefined || !outcome) return undefined;
  return keptUntil(new Date(endedAt), Math.min(retention?.[outcome] ?? most, most));
}

const DAY_SECONDS = 86_400;

/** Until when what belongs to a run is kept, in seconds since 1970, from its end on. */
export const keptUntil = (end: Date, retentionDays: number) => Math.floor(end.getTime() / 1000) + retentionDays * DAY_SECONDS;

/** Most runs end within a day. What they write is kept from then on, and of those that live longer it is kept anew: storage is what most of a run costs. */
const USUAL_LIFE_SECONDS = DAY_SECONDS;

/** Until when what a run writes while it lives is kept, in seconds since 1970. */
export const keptFromLife = (now: Date, retentionDays: number) => keptUntil(now, retentionDays) + USUAL_LIFE_SECONDS;

/** Until when all that a run has written is to be kept once it has ended; undefined when it is kept so long already. */
export function keptAnewAtEnd({ createdAt }: Pick<Run, 'createdAt'>, endedAt: string, retentionDays: number): number | undefined {
  const until = keptUntil(new Date(endedAt), retentionDays);
  return until > keptFromLife(new Date(createdAt), retentionDays) ? until : undefined;
}

/**
 * Until when all that a run has written is to be kept that may live until `last`; undefined when that is kept so long already, as it is unless the run was
 * paused or had to wait: no timeout is longer than the retention. The same for many instants, so that one look in many writes.
 */
export function keptAnewInLife({ createdAt }: Pick<Run, 'createdAt'>, last: Date, retentionDays: number): number | undefined {
  const created = new Date(createdAt);
  if (last.getTime() / 1000 <= keptFromLife(created, retentionDays)) return undefined;
  const periods = Math.ceil((last.getTime() - created.getTime()) / 1000 / (retentionDays * DAY_SECONDS));
  return keptUntil(created, retentionDays * (periods + 1));
}
