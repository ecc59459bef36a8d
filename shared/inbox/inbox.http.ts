import * as z from 'zod';
import { failureEntry } from '../analytics/analytics.http.ts';
import { operation } from '../edge/route.ts';
import { resourceId } from '../edge/schema.ts';
import { runEntry } from '../run/run.http.ts';
import { taskEntry } from '../task/task.http.ts';
import { LATE } from './late.ts';

/** How many there are at least, and the first of them. */
const section = <T extends z.ZodType>(item: T, id: string, description: string) =>
  z
    .object({
      count: z.int(),
      exact: z.boolean().meta({ description: 'False when there may be more' }),
      items: z.array(item).meta({ description: 'The first of them' }),
    })
    .meta({ id, description });

const lateRun = runEntry.extend({ late: z.enum(LATE) }).meta({ id: 'LateRun' });

const failures = section(failureEntry, 'InboxFailures', 'Kinds of failures of the last 24 hours, the latest first');
const late = section(
  lateRun,
  'InboxLateRuns',
  'Live runs that have not begun, that nobody looks after, or whose time is nearly over',
);
const openTasks = section(taskEntry, 'InboxTasks', 'Open tasks that nobody has put off, the newest first');
const liveRuns = section(runEntry, 'InboxRuns', 'Runs in some state, the newest first');

const inboxView = z
  .object({
    mine: openTasks,
    approvals: openTasks,
    exceptions: openTasks,
    failed: failures,
    late,
    draining: liveRuns,
    running: liveRuns,
  })
  .meta({
    id: 'Inbox',
    description: '`mine` are tasks that ask the caller by mail address; `running` are runs that are pending, running or waiting',
  });

export const inbox = {
  getInbox: operation({
    method: 'GET',
    path: '/v1/inbox',
    entry: 'api/inbox',
    summary: 'What wants to be looked at: how much of it there is, and the first of it',
    tag: 'inbox',
    query: z.strictObject({ project_id: resourceId.optional() }),
    responses: { 200: inboxView },
  }),
};
