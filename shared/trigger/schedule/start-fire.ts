import type { Actor } from '../../kernel/actor.ts';
import { Problem } from '../../kernel/problem.ts';
import type { StartRequest } from '../../run/start/start-request.ts';
import { type Started, startRun } from '../../run/start/start-run.ts';
import type { Delivery } from '../delivery/delivery.ts';
import { type Received, receive } from '../delivery/receive.ts';
import type { ScheduleServices } from './ports.ts';
import type { LedgerFire, Schedule } from './schedule.ts';

/** The promise that a fire starts one run: its nominal time, and which attempt of a backfill it is. */
export const fireKey = (id: string, nominal: string, attempt = 1) => `${id} ${nominal}${attempt > 1 ? ` ${attempt}` : ''}`;

const scheduleActor = ({ id, name }: Schedule): Actor => ({ kind: 'trigger', id, name });

/** `actor`: who has asked for the fire, if anybody has. */
export const startRequestOf = (schedule: Schedule, key: string, actor = scheduleActor(schedule)): StartRequest => ({
  workspace: schedule.workspace,
  project: schedule.project,
  workflowId: schedule.workflowId,
  stage: 'Published',
  inputs: schedule.inputs,
  fileIds: [],
  useStartDefaults: true,
  trigger: 'schedule',
  triggerId: schedule.id,
  actor,
  key: { trigger: 'schedule', value: key },
});

/** Delivers one fire. The run of an earlier try under the same key counts, also when the inputs of the schedule were changed since. */
export function deliver(
  services: ScheduleServices,
  schedule: Schedule,
  source: string,
  key: string,
  actor?: Actor,
): Promise<Received> {
  const { id, workspace, project, workflowId, inputs } = schedule;
  const from = { workspace, project, workflowId, trigger: 'schedule' as const, triggerId: id, source, key };
  const incoming = { ...from, bytes: Buffer.byteLength(JSON.stringify(inputs)) };
  return receive(services, incoming, startOnce(services, startRequestOf(schedule, key, actor)));
}

/** Starts what a fire asks for; a redelivery does the same. */
export async function startOnce(services: ScheduleServices, request: StartRequest): Promise<Started> {
  try {
    return await startRun(services, request);
  } catch (error) {
    const earlier =
      error instanceof Problem && error.kind === 'conflict'
        ? error.details.find(({ name }) => name === 'run_id')?.value
        : undefined;
    const run = earlier === undefined ? undefined : await services.runs.get(String(earlier));
    if (run) return { run, isRepeat: true };
    throw error;
  }
}

/** The line of a fire after its delivery. */
export function afterDelivery(fire: LedgerFire, { id: deliveryId, outcome, reason, runId }: Delivery): LedgerFire {
  const line = { ...fire, deliveryId, ...(runId !== undefined && { runId }) };
  if (outcome === 'skipped') return { ...line, outcome: 'skipped', reason: 'condition' };
  if (outcome === 'rejected') return { ...line, outcome: 'rejected', ...(reason !== undefined && { reason }) };
  return { ...line, outcome: 'started' };
}
