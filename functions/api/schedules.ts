import { projectOf } from '../../shared/access/tenancy.ts';
import type { RequestOf } from '../../shared/api/request-of.ts';
import { created, noContent, ok } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import { pageView } from '../../shared/edge/schema.ts';
import { actorOf } from '../../shared/kernel/actor.ts';
import { listName, readToken, writeToken } from '../../shared/kernel/list-token.ts';
import { notFound, Problem } from '../../shared/kernel/problem.ts';
import { parseExpression } from '../../shared/trigger/schedule/expression.ts';
import { usualDst } from '../../shared/trigger/schedule/fires.ts';
import { backfill, triggerNow } from '../../shared/trigger/schedule/manual-fires.ts';
import { schedules as schedulesOperations } from '../../shared/trigger/schedule/operations.http.ts';
import type { ScheduleServices } from '../../shared/trigger/schedule/ports.ts';
import { previewOf } from '../../shared/trigger/schedule/preview.ts';
import * as save from '../../shared/trigger/schedule/save-schedule.ts';
import {
  fireView,
  nextView,
  scheduleDetailView,
  scheduleView,
  upcomingView,
} from '../../shared/trigger/schedule/schedule.http.ts';
import { type LedgerFire, type Schedule, type ScheduleWishes, timingOf } from '../../shared/trigger/schedule/schedule.ts';
import { clockChanges, type Place, schedulesOf, type Upcoming, upcomingFires } from '../../shared/trigger/schedule/upcoming.ts';
import { wallText, zoneOf } from '../../shared/trigger/schedule/zone.ts';
import { workflowOf } from '../../shared/workflow/visible.http.ts';
import { recorder, scheduleServices } from '../adapters.ts';

export async function createSchedule({ params, body, caller }: RequestOf<'createSchedule'>, services: ScheduleServices) {
  const workflow = await workflowOf(services, caller, params.workflow_id);
  const dst = { ...usualDst(parseExpression(body.expression)), ...body.dst };
  const schedule = await save.createSchedule(services, workflow, { ...body, dst }, actorOf(caller));
  return created(scheduleDetailView(schedule, services.now()));
}

export async function listSchedules({ params, query, caller }: RequestOf<'listSchedules'>, services: ScheduleServices) {
  const workflow = await workflowOf(services, caller, params.workflow_id);
  const page = { limit: query.limit, token: query.continuation_token };
  return ok(
    pageView(await services.schedules.list({ workspace: workflow.workspace, workflowId: workflow.id }, page), scheduleView),
  );
}

export async function getSchedule(request: RequestOf<'getSchedule'>, services: ScheduleServices) {
  const { schedule } = await scheduleOf(services, request);
  return ok(scheduleDetailView(schedule, services.now()));
}

export async function changeSchedule(request: RequestOf<'changeSchedule'>, services: ScheduleServices) {
  const { workflow, schedule } = await scheduleOf(services, request);
  const changed = await save.changeSchedule(services, workflow, schedule.id, changeOf(request.body, schedule));
  return ok(scheduleDetailView(changed, services.now()));
}

export async function deleteSchedule(request: RequestOf<'deleteSchedule'>, services: ScheduleServices) {
  await save.deleteSchedule(services, (await scheduleOf(services, request)).schedule.id);
  return noContent();
}

const turn = (enabled: boolean) => async (request: RequestOf<'pauseSchedule' | 'resumeSchedule'>, services: ScheduleServices) => {
  const { workflow, schedule } = await scheduleOf(services, request);
  const changed =
    schedule.enabled === enabled ? schedule : await save.changeSchedule(services, workflow, schedule.id, { enabled });
  return ok(scheduleDetailView(changed, services.now()));
};
export const pauseSchedule = turn(false);
export const resumeSchedule = turn(true);

export async function triggerSchedule(request: RequestOf<'triggerSchedule'>, services: ScheduleServices) {
  const { schedule } = await scheduleOf(services, request);
  return created(viewOf(schedule)(await triggerNow(services, schedule, actorOf(request.caller), request.idempotencyKey)));
}

export async function backfillSchedule(request: RequestOf<'backfillSchedule'>, services: ScheduleServices) {
  const { schedule } = await scheduleOf(services, request);
  const { from, to, skipSucceeded } = request.body;
  const { fires, left } = await backfill(services, schedule, {
    from: new Date(from),
    to: new Date(to),
    skipSucceeded,
    actor: actorOf(request.caller),
  });
  return ok({ fires: fires.map(viewOf(schedule)), left });
}

export async function listNextFires(request: RequestOf<'listNextFires'>, services: ScheduleServices) {
  const { schedule } = await scheduleOf(services, request);
  return ok(nextView(schedule.timezone, previewOf(timingOf(schedule), services.now(), request.query.count)));
}

const DAY_MS = 86_400_000;
const USUAL_WINDOW_MS = 7 * DAY_MS;
const LONGEST_WINDOW_MS = 31 * DAY_MS;

export async function listUpcomingFires({ query, caller }: RequestOf<'listUpcomingFires'>, services: ScheduleServices) {
  const { project_id, workflow_id: workflowId, limit } = query;
  const project = projectOf(caller, project_id);
  if (workflowId !== undefined) await workflowOf(services, caller, workflowId, { ...(project !== undefined && { project }) });
  const owner = { workspace: caller.workspace, project, workflowId };
  const list = listName(['upcoming', owner, query.from, query.to]);
  const ahead = { ...windowOf(query, services.now()), behind: placeIn(readToken(list, query.continuation_token)) };
  const { found, isAll } = await schedulesOf(services, owner);
  const { fires, end } = upcomingFires(found, ahead, limit);
  const workflows = await liveWorkflows(services, fires);
  const next = end && writeToken(list, textOf(end));
  return ok(upcomingView({ ahead, fires, changes: clockChanges(found, ahead), workflows, isAll, next }));
}

function windowOf(query: { from?: string | undefined; to?: string | undefined }, now: Date) {
  const asked = query.from === undefined ? now.getTime() : Date.parse(query.from);
  const to = query.to === undefined ? asked + USUAL_WINDOW_MS : Date.parse(query.to);
  const problem =
    to < asked
      ? `The window ends (${query.to}) before it begins (${new Date(asked).toISOString()}).`
      : to - asked > LONGEST_WINDOW_MS
        ? 'The window is longer than 31 days: ask for the rest separately.'
        : to < now.getTime()
          ? `The window ends in the past (${query.to}). What became of fires is in the ledger of each schedule.`
          : undefined;
  if (problem !== undefined) throw new Problem('invalid', problem, [{ name: 'to', value: problem }]);
  return { from: Math.max(asked, now.getTime()), to };
}

const MS_DIGITS = 13;
const textOf = ({ at, scheduleId }: Place) => `${String(at).padStart(MS_DIGITS, '0')}${scheduleId}`;
const placeIn = (text: string | undefined): Place | undefined =>
  text === undefined ? undefined : { at: Number(text.slice(0, MS_DIGITS)), scheduleId: text.slice(MS_DIGITS) };

/** Nothing fires of a workflow that was deleted. */
async function liveWorkflows({ workflows }: ScheduleServices, fires: Upcoming[]) {
  const ids = [...new Set(fires.map(({ schedule }) => schedule.workflowId))];
  const found = await Promise.all(ids.map((id) => workflows.get(id)));
  return new Map(found.flatMap((one) => (one && !one.deletedAt ? [[one.id, one] as const] : [])));
}

export async function listFires(request: RequestOf<'listFires'>, services: ScheduleServices) {
  const { schedule } = await scheduleOf(services, request, { deleted: true });
  const { outcome, limit, continuation_token: token } = request.query;
  return ok(pageView(await services.schedules.fires(schedule.id, { outcome }, { limit, token }), viewOf(schedule)));
}

type OfSchedule = Pick<RequestOf<'getSchedule'>, 'params' | 'caller'>;

/** The schedule, if it is of that workflow and the workflow is the caller's. */
async function scheduleOf(services: ScheduleServices, { params, caller }: OfSchedule, { deleted = false } = {}) {
  const workflow = await workflowOf(services, caller, params.workflow_id, { deleted });
  const schedule = await services.schedules.get(params.schedule_id);
  const theirs = schedule?.workflowId === workflow.id && schedule.workspace === workflow.workspace;
  if (!schedule || !theirs || (schedule.deletedAt && !deleted)) throw notFound('schedule', params.schedule_id);
  return { workflow, schedule };
}

/** Null takes away what may be absent. */
function changeOf(body: RequestOf<'changeSchedule'>['body'], seen: Schedule): Partial<ScheduleWishes> {
  const { dst, startAt, endAt, jitter, stopAfterFailures, ...change } = body;
  return {
    ...change,
    ...(dst && { dst: { ...seen.dst, ...dst } }),
    ...(startAt !== undefined && { startAt: startAt ?? undefined }),
    ...(endAt !== undefined && { endAt: endAt ?? undefined }),
    ...(jitter !== undefined && { jitter: jitter ?? undefined }),
    ...(stopAfterFailures !== undefined && { stopAfterFailures: stopAfterFailures ?? undefined }),
  };
}

/** A line of the ledger, with its time on the wall clock of the schedule. */
const viewOf =
  ({ timezone }: Schedule) =>
  (fire: LedgerFire) =>
    fireView(fire, wallText(zoneOf(timezone)?.wallAt(Date.parse(fire.nominal)) ?? 0));

export const handler = http(
  schedulesOperations,
  {
    createSchedule,
    listSchedules,
    getSchedule,
    changeSchedule,
    deleteSchedule,
    pauseSchedule,
    resumeSchedule,
    triggerSchedule,
    backfillSchedule,
    listNextFires,
    listUpcomingFires,
    listFires,
  },
  scheduleServices,
  recorder,
);
