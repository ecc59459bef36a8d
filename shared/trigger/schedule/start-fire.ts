import { Problem } from '../../problem.ts';
import { type Started, type StartRequest, startRun } from '../../run/start/start-run.ts';
import type { Receipt } from '../receipt.ts';
import { receive } from '../receive.ts';
import type { Timekeeper } from './ports.ts';
import type { LedgerFire, Schedule } from './schedule.ts';

/** The promise that a fire starts one run: its nominal time, and which attempt of a backfill it is. */
export const fireKey = (id: string, nominal: string, attempt = 1) => `${id} ${nominal}${attempt > 1 ? ` ${attempt}` : ''}`;

export const startRequestOf = (schedule: Schedule, key: string): StartRequest => ({
  workspace: schedule.workspace,
  project: schedule.project,
  workflowId: schedule.workflowId,
  stage: 'Published',
  inputs: schedule.inputs,
  fileIds: [],
  useStartDefaults: true,
  trigger: 'schedule',
  startedBy: schedule.name,
  key: { trigger: 'schedule', value: key },
});

/** Knocks for one fire. The run of an earlier try under the same key counts, also when the inputs of the schedule were changed since. */
export function knock(services: Timekeeper, schedule: Schedule, source: string, key: string): Promise<Receipt> {
  const { id, workspace, project, workflowId, inputs } = schedule;
  const from = { workspace, project, workflowId, door: 'schedule' as const, doorId: id, source, key };
  return receive(services, { ...from, bytes: Buffer.byteLength(JSON.stringify(inputs)) }, () =>
    startOnce(services, startRequestOf(schedule, key)),
  );
}

/** Starts what a fire asks for; a replay of its receipt does the same. */
export async function startOnce(services: Timekeeper, request: StartRequest): Promise<Started> {
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

/** The line of a fire after its knock. */
export function afterKnock(fire: LedgerFire, { id: receiptId, outcome, reason, runId }: Receipt): LedgerFire {
  const of = { ...fire, receiptId, ...(runId !== undefined && { runId }) };
  if (outcome === 'skipped') return { ...of, outcome: 'skipped', reason: 'condition' };
  if (outcome === 'rejected') return { ...of, outcome: 'rejected', ...(reason !== undefined && { reason }) };
  return { ...of, outcome: 'started' };
}
