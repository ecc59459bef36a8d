import * as z from 'zod';
import { operation } from '../../edge/route.ts';
import { count, listQuery, resourceId } from '../../edge/schema.ts';
import {
  backfilled,
  backfillRequest,
  fireEntries,
  newSchedule,
  nextFires,
  oneFire,
  scheduleChange,
  scheduleDetail,
  scheduleEntries,
} from './schedule.http.ts';
import { FIRE_OUTCOMES } from './schedule.ts';

const at = { tag: 'schedules', entry: 'api/schedules' } as const;
const ofWorkflow = z.object({ workflow_id: resourceId });
const params = ofWorkflow.extend({ schedule_id: resourceId });
const MOST_NEXT = 100;

export const schedules = {
  createSchedule: operation({
    ...at,
    method: 'POST',
    path: '/v1/workflows/{workflow_id}/schedules',
    summary: 'Start a workflow by the clock',
    role: 'editor',
    params: ofWorkflow,
    body: newSchedule,
    responses: { 201: scheduleDetail },
  }),
  listSchedules: operation({
    ...at,
    method: 'GET',
    path: '/v1/workflows/{workflow_id}/schedules',
    summary: 'Schedules of a workflow, newest first',
    params: ofWorkflow,
    query: z.strictObject(listQuery(25)),
    responses: { 200: scheduleEntries },
  }),
  getSchedule: operation({
    ...at,
    method: 'GET',
    path: '/v1/workflows/{workflow_id}/schedules/{schedule_id}',
    summary: 'One schedule with its next fires',
    params,
    responses: { 200: scheduleDetail },
  }),
  changeSchedule: operation({
    ...at,
    method: 'PATCH',
    path: '/v1/workflows/{workflow_id}/schedules/{schedule_id}',
    summary: 'Change a schedule; null takes a limit away',
    role: 'editor',
    params,
    body: scheduleChange,
    responses: { 200: scheduleDetail },
  }),
  deleteSchedule: operation({
    ...at,
    method: 'DELETE',
    path: '/v1/workflows/{workflow_id}/schedules/{schedule_id}',
    summary: 'Delete a schedule; its ledger stays readable',
    role: 'editor',
    params,
    responses: { 204: '' },
  }),
  pauseSchedule: operation({
    ...at,
    method: 'POST',
    path: '/v1/workflows/{workflow_id}/schedules/{schedule_id}/pause',
    summary: 'Turn a schedule off: its fires are recorded as skipped',
    role: 'operator',
    params,
    responses: { 200: scheduleDetail },
  }),
  resumeSchedule: operation({
    ...at,
    method: 'POST',
    path: '/v1/workflows/{workflow_id}/schedules/{schedule_id}/resume',
    summary: 'Turn a schedule on again',
    role: 'operator',
    params,
    responses: { 200: scheduleDetail },
  }),
  triggerSchedule: operation({
    ...at,
    method: 'POST',
    path: '/v1/workflows/{workflow_id}/schedules/{schedule_id}/trigger',
    summary: 'Start a run of the schedule now',
    role: 'operator',
    params,
    responses: { 201: oneFire },
  }),
  backfillSchedule: operation({
    ...at,
    method: 'POST',
    path: '/v1/workflows/{workflow_id}/schedules/{schedule_id}/backfill',
    summary: 'Start the runs of fires of the past',
    role: 'operator',
    params,
    body: backfillRequest,
    responses: { 200: backfilled },
  }),
  listNextFires: operation({
    ...at,
    method: 'GET',
    path: '/v1/workflows/{workflow_id}/schedules/{schedule_id}/next',
    summary: 'The next fires in local time and UTC, clock changes marked',
    params,
    query: z.strictObject({ count: count(MOST_NEXT).default(10) }),
    responses: { 200: nextFires },
  }),
  listFires: operation({
    ...at,
    method: 'GET',
    path: '/v1/workflows/{workflow_id}/schedules/{schedule_id}/fires',
    summary: 'What became of every expected fire, newest first',
    params,
    query: z.strictObject({ outcome: z.enum(FIRE_OUTCOMES).optional(), ...listQuery(25) }),
    responses: { 200: fireEntries },
  }),
};
