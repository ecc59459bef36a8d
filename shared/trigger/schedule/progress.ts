import { isTerminal } from '../../run/model/status.ts';
import { countFailure, offReason } from './decisions.ts';
import type { ScheduleServices } from './ports.ts';
import type { LedgerFire, Schedule } from './schedule.ts';

/** Runs whose end is watched for at the most; the oldest are let go. */
const MOST_OPEN = 50;

/** The schedule after one of its fires was decided. */
export function withFire(services: ScheduleServices, schedule: Schedule, fire: LedgerFire): Schedule {
  const { nominal, outcome, runId } = fire;
  if (outcome === 'queued') {
    return schedule.queued.includes(nominal) ? schedule : { ...schedule, queued: [...schedule.queued, nominal] };
  }
  if (outcome === 'rejected') return counted(services, { ...schedule, failures: countFailure(schedule.failures, 'rejected') });
  if (outcome !== 'started' || runId === undefined) return schedule;
  const open = schedule.stopAfterFailures === undefined ? [] : [...schedule.open, { nominal, runId }].slice(-MOST_OPEN);
  return { ...schedule, last: { nominal, runId }, open };
}

/** Takes note of runs that have ended since, in their order, and turns the schedule off when too many in a row have failed. */
export async function closeEnded(services: ScheduleServices, schedule: Schedule): Promise<Schedule> {
  const runs = await Promise.all(schedule.open.map(({ runId }) => services.runs.get(runId)));
  const ended = runs.filter((run) => run === undefined || isTerminal(run.status));
  if (ended.length === 0) return schedule;
  const failures = ended.reduce((count, run) => (run ? countFailure(count, run.status) : count), schedule.failures);
  const over = new Set(
    runs.flatMap((run, at) => (run === undefined || isTerminal(run.status) ? [schedule.open[at]?.runId] : [])),
  );
  return counted(services, { ...schedule, failures, open: schedule.open.filter(({ runId }) => !over.has(runId)) });
}

function counted(services: ScheduleServices, schedule: Schedule): Schedule {
  const reason = schedule.enabled ? offReason(schedule) : undefined;
  if (reason === undefined) return schedule;
  services.fireWatcher.turnedOff(schedule.id, reason);
  return turnedOff(schedule, reason);
}

export const turnedOff = (schedule: Schedule, reason: string): Schedule => ({ ...schedule, enabled: false, offReason: reason });
