import { isDeepStrictEqual } from 'node:util';
import { Problem } from '../../kernel/problem.ts';
import { stopRun } from '../../run/control/stop-run.ts';
import type { Run } from '../../run/model/run.ts';
import { isTerminal } from '../../run/model/status.ts';
import type { SubscribedEvent } from '../../subscription/subscription.ts';
import { atOverlap, catchUp, type Due } from './decisions.ts';
import { eventOfFire, eventOfTurn } from './events-of-schedules.ts';
import type { ScheduleServices } from './ports.ts';
import { closeEnded, turnedOff, withFire } from './progress.ts';
import { replaceSchedule, retryMoved } from './retry-moved.ts';
import type { LedgerFire, Schedule } from './schedule.ts';
import { afterDelivery, deliver, fireKey } from './start-fire.ts';
import { type DueFires, dueFires, dueTime, expecting, lookedAfter, windowMs } from './when.ts';

/** A one-off schedule is never set into the past, where it might not fire. */
const SOON_MS = 2000;

/**
 * Brings a schedule up to date: decides every fire whose time has come, lets queued ones go on, and sets the one-off schedule of the next. Whoever calls it, any
 * number of times at once: each fire is decided by who writes its line first, and its run is started once.
 */
export async function tick(services: ScheduleServices, id: string): Promise<Schedule | undefined> {
  const decided: LedgerFire[] = [];
  return retryMoved(async () => {
    const seen = await services.schedules.get(id);
    if (!seen || seen.deletedAt) return undefined;
    const next = await upToDate(services, seen, decided);
    // Told before it is forgotten what was decided: what breaks off in between is told again, and counts once.
    await tell(services, eventOfTurn(seen, next, services.now()));
    if (!isDeepStrictEqual(seen, next)) await replaceSchedule(services.schedules, seen, next);
    await setTimer(services, next);
    return next;
  });
}

const tell = ({ subscribers }: ScheduleServices, event: SubscribedEvent | undefined) => subscribers.tell(event ? [event] : []);

/** A lost one-off schedule is found by the reconciler. */
export async function setTimer(services: ScheduleServices, schedule: Schedule): Promise<void> {
  const { id, next, deletedAt } = schedule;
  const over = next === undefined || deletedAt !== undefined;
  const soonest = services.now().getTime() + SOON_MS;
  const setting = over
    ? services.fireTimer.clear(id)
    : services.fireTimer.set(id, new Date(Math.max(soonest, dueTime(schedule, Date.parse(next)))));
  await setting.catch((error: unknown) => services.fireWatcher.timerLost(id, error));
}

/** `decided` gathers what was decided, so that it is not forgotten when the schedule was changed meanwhile. */
async function upToDate(services: ScheduleServices, seen: Schedule, decided: LedgerFire[]): Promise<Schedule> {
  const now = services.now();
  const workflow = await services.workflows.get(seen.workflowId);
  if (!workflow || workflow.deletedAt) {
    return { ...turnedOff(seen, 'Its workflow was deleted.'), next: undefined, dueAt: undefined };
  }
  const before = decided.splice(0).filter((fire) => seen.next === undefined || fire.nominal < seen.next);
  let schedule = await closeEnded(
    services,
    before.reduce((row, fire) => (knows(row, fire) ? row : withFire(services, row, fire)), seen),
  );
  schedule = await drainQueue(services, schedule, workflow.enabled);
  const { due, older } = dueFires(schedule, now.getTime());
  if (older) await writeOlder(services, schedule, older);
  const policy = { catchUp: schedule.catchUp, windowMs: windowMs(schedule) };
  for (const fire of catchUp(due, now.getTime(), policy)) {
    const line = await decide(services, schedule, fire, workflow.enabled);
    decided.push(line);
    await tell(services, eventOfFire(schedule, line));
    schedule = withFire(services, schedule, line);
  }
  const last = due.at(-1);
  return lookedAfter(last ? expecting(schedule, last.nominal) : schedule, now);
}

const knows = ({ last }: Schedule, fire: LedgerFire) =>
  fire.outcome !== 'queued' && (fire.outcome !== 'started' || (last?.nominal ?? '') >= fire.nominal);

/** Writes the line of one fire and does what it says. */
async function decide(services: ScheduleServices, schedule: Schedule, fire: Due, workflowEnabled: boolean): Promise<LedgerFire> {
  const now = services.now();
  const line = {
    scheduleId: schedule.id,
    workspace: schedule.workspace,
    nominal: new Date(fire.nominal).toISOString(),
    kind: 'expected' as const,
    at: now.toISOString(),
    lateBy: Math.max(0, Math.floor((now.getTime() - fire.dueAt) / 1000)),
    attempt: 1,
  };
  const known = await services.schedules.fire(schedule.id, line.nominal);
  if (known) return start(services, schedule, known);

  const claim = async (row: Pick<LedgerFire, 'outcome' | 'reason'>) =>
    start(services, schedule, await services.schedules.claim({ ...line, ...row }));
  if (fire.act === 'miss') {
    services.fireWatcher.missed(schedule.id, 1);
    return claim({ outcome: 'missed' });
  }
  if (!schedule.enabled) return claim({ outcome: 'skipped', reason: 'disabled' });
  if (!workflowEnabled) return claim({ outcome: 'skipped', reason: 'workflow_disabled' });

  const previous = schedule.last && (await services.runs.get(schedule.last.runId));
  const busy = previous !== undefined && !isTerminal(previous.status);
  const decision = atOverlap(schedule.overlap, busy, schedule.queued.length);
  if (decision === 'queue') return claim({ outcome: 'queued' });
  if (decision === 'skip') return claim({ outcome: 'skipped', reason: 'overlap' });
  if (decision === 'queue_full') return claim({ outcome: 'skipped', reason: 'queue_full' });
  if (decision === 'stop' && previous) {
    await stopPrevious(services, previous, schedule, line.nominal);
  }
  return claim({ outcome: 'starting' });
}

async function stopPrevious(services: ScheduleServices, previous: Run, { id, name }: Schedule, nominal: string): Promise<void> {
  const reason = `The schedule "${name}" started the run of ${nominal} instead.`;
  await stopRun(services, previous, { mode: 'immediate', actor: { kind: 'trigger', id, name }, reason }).catch(
    (error: unknown) => {
      // It ended by itself in that moment.
      if (!(error instanceof Problem)) throw error;
    },
  );
}

/** Goes on with a line that says so: whoever wrote it may have been cut off. */
async function start(services: ScheduleServices, schedule: Schedule, fire: LedgerFire): Promise<LedgerFire> {
  if (fire.outcome !== 'starting') return fire;
  const { delivery } = await deliver(services, schedule, fire.nominal, fireKey(schedule.id, fire.nominal, fire.attempt));
  return services.schedules.amend(fire, afterDelivery(fire, delivery));
}

/** Lets the first of the fires that wait go on once nothing is in its way. */
async function drainQueue(services: ScheduleServices, schedule: Schedule, workflowEnabled: boolean): Promise<Schedule> {
  const [nominal, ...queued] = schedule.queued;
  if (nominal === undefined) return schedule;
  const previous = schedule.last && (await services.runs.get(schedule.last.runId));
  if (previous && !isTerminal(previous.status)) return schedule;

  const waiting = await services.schedules.fire(schedule.id, nominal);
  const rest = { ...schedule, queued };
  if (!waiting) return drainQueue(services, rest, workflowEnabled);
  const decided = await startWaiting(services, schedule, waiting, workflowEnabled);
  await tell(services, eventOfFire(schedule, decided));
  return drainQueue(services, withFire(services, rest, decided), workflowEnabled);
}

async function startWaiting(
  services: ScheduleServices,
  schedule: Schedule,
  waiting: LedgerFire,
  workflowEnabled: boolean,
): Promise<LedgerFire> {
  if (waiting.outcome !== 'queued') return start(services, schedule, waiting);
  const now = services.now();
  const lateBy = Math.max(0, Math.floor((now.getTime() - dueTime(schedule, Date.parse(waiting.nominal))) / 1000));
  const row = { ...waiting, at: now.toISOString(), lateBy };
  const off = !schedule.enabled ? 'disabled' : workflowEnabled ? undefined : 'workflow_disabled';
  const next: LedgerFire = off === undefined ? { ...row, outcome: 'starting' } : { ...row, outcome: 'skipped', reason: off };
  return start(services, schedule, await services.schedules.amend(waiting, next));
}

/** One line for missed fires that are too many to have one each. */
async function writeOlder(
  services: ScheduleServices,
  schedule: Schedule,
  { first, last, count }: NonNullable<DueFires['older']>,
): Promise<void> {
  const { id, workspace } = schedule;
  const now = services.now();
  const nominal = new Date(first).toISOString();
  const through = new Date(last).toISOString();
  const lateBy = Math.floor((now.getTime() - first) / 1000);
  const line = { scheduleId: id, workspace, nominal, kind: 'expected' as const, at: now.toISOString(), lateBy, attempt: 1 };
  const known = await services.schedules.claim({ ...line, outcome: 'missed', count, through });
  if (known.through !== undefined && known.through < through) await services.schedules.amend(known, { ...known, count, through });
  services.fireWatcher.missed(id, count);
  await tell(services, eventOfFire(schedule, { ...known, count, through }));
}
