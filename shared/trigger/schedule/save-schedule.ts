import { ulid } from 'ulid';
import { secondsOf } from '../../expression/duration.ts';
import { aside } from '../../kernel/acting.ts';
import type { Actor } from '../../kernel/actor.ts';
import { notFound, Problem } from '../../kernel/problem.ts';
import { refuseLargeText } from '../../kernel/row-text.ts';
import { prepareRun } from '../../run/start/prepare-run.ts';
import type { Workflow } from '../../workflow/workflow.ts';
import { checkTiming } from './check-timing.ts';
import { eventOfTurn } from './events-of-schedules.ts';
import type { ScheduleServices } from './ports.ts';
import { replaceSchedule, retryMoved, ScheduleMoved } from './retry-moved.ts';
import { type Schedule, type ScheduleWishes, timingOf } from './schedule.ts';
import { startRequestOf } from './start-fire.ts';
import { setTimer, tick } from './tick.ts';
import { expecting, lookedAfter } from './when.ts';

const INPUTS_LIMIT_BYTES = 64 * 1024;
const LONGEST_JITTER_SECONDS = 3600;
const LONGEST_WINDOW_SECONDS = 30 * 86_400;

/** Creates a schedule and sets its one-off schedule. Throws `invalid` for one that never fires or whose inputs the workflow does not take. */
export async function createSchedule(
  services: ScheduleServices,
  workflow: Workflow,
  wishes: ScheduleWishes,
  actor: Actor,
): Promise<Schedule> {
  const now = services.now();
  const at = now.toISOString();
  const schedule: Schedule = {
    ...wishes,
    id: ulid(now.getTime()),
    workspace: workflow.workspace,
    project: workflow.project,
    workflowId: workflow.id,
    createdAt: at,
    createdBy: actor,
    updatedAt: at,
    anchor: at,
    revision: 1,
    queued: [],
    open: [],
    failures: 0,
  };
  await checkWishes(services, workflow, schedule);
  const expected = lookedAfter(expecting(schedule, now.getTime()), now);
  await services.schedules.create(expected);
  await setTimer(services, expected);
  return expected;
}

/** Changes a schedule. What was due before is decided by what it said before. */
export async function changeSchedule(
  services: ScheduleServices,
  workflow: Workflow,
  id: string,
  change: Partial<ScheduleWishes>,
): Promise<Schedule> {
  return write(services, id, async (seen) => {
    const now = services.now();
    const turnedOn = change.enabled === true && !seen.enabled;
    const retimed = TIMING.some((field) => field in change);
    const next: Schedule = {
      ...seen,
      ...change,
      updatedAt: now.toISOString(),
      ...('expression' in change && { anchor: now.toISOString() }),
      ...(turnedOn && { failures: 0, open: [], offReason: undefined }),
      ...(change.enabled === false && { offReason: undefined }),
    };
    if (retimed || 'inputs' in change || 'catchUpWindow' in change || 'jitter' in change)
      await checkWishes(services, workflow, next);
    return retimed ? expecting(next, now.getTime()) : next;
  });
}

const TIMING = ['expression', 'timezone', 'dst', 'startAt', 'endAt'] as const;

/** Ends a schedule. Its ledger stays readable for as long as runs are. */
export async function deleteSchedule(services: ScheduleServices, id: string): Promise<void> {
  await write(services, id, async (seen) => ({
    ...seen,
    deletedAt: services.now().toISOString(),
    next: undefined,
    queued: [],
    enabled: false,
  }));
}

/** Brings the schedule up to date, then changes it; again when somebody else was faster. */
export async function write(
  services: ScheduleServices,
  id: string,
  change: (seen: Schedule) => Promise<Schedule>,
): Promise<Schedule> {
  return retryMoved(async () => {
    // What was due before is nobody's wish.
    const seen = await aside(() => tick(services, id));
    if (!seen) throw notFound('schedule', id);
    const current = await services.schedules.get(id);
    if (!current) throw new ScheduleMoved(id);
    const next = lookedAfter(await change(current), services.now());
    const turned = eventOfTurn(current, next, services.now());
    await services.subscribers.tell(turned ? [turned] : []);
    await replaceSchedule(services.schedules, current, next);
    await setTimer(services, next);
    return { ...next, revision: current.revision + 1 };
  });
}

async function checkWishes(services: ScheduleServices, workflow: Workflow, schedule: Schedule): Promise<void> {
  checkTiming(timingOf(schedule), services.now());
  checkSeconds('jitter', schedule.jitter, LONGEST_JITTER_SECONDS);
  checkSeconds('catch_up_window', schedule.catchUpWindow, LONGEST_WINDOW_SECONDS);
  refuseLargeText('inputs', schedule.inputs, INPUTS_LIMIT_BYTES);
  if (!workflow.published) return;
  // The same checks as at a start; whether its runIf holds then is for that time to say.
  const run = { id: schedule.id, trigger: 'schedule', startedAt: services.now().toISOString() };
  await prepareRun(services, workflow, startRequestOf(schedule, ''), run);
}

function checkSeconds(name: string, duration: string | undefined, most: number): void {
  if (duration === undefined) return;
  const seconds = secondsOf(duration);
  if (seconds === undefined || seconds > most)
    throw new Problem(
      'invalid',
      `${name} "${duration}" is not a duration such as 30s, 5m, 2h or 7d, of ${most} seconds at most.`,
      [{ name, value: duration }],
    );
}
