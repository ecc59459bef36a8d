import { ulid } from 'ulid';
import { calls, connections, engineServices, ownMail } from '../../functions/adapters.ts';
import { executorsFor } from '../../shared/executor/executors.ts';
import * as env from '../../shared/kernel/env.ts';
import { type DriveAnswer, type DriveMessage, drive, type Invocation } from '../../shared/run/drive/drive.ts';
import type { DriveServices } from '../../shared/run/drive/drive-services.ts';
import type { Run } from '../../shared/run/model/run.ts';
import type { StartRequest, StartServices } from '../../shared/run/start/start-request.ts';
import { startRun } from '../../shared/run/start/start-run.ts';
import { sweep } from '../../shared/run/sweep/sweep.ts';
import { anActor } from '../harness/builders.ts';
import { noConnection } from '../harness/leaf-context.ts';

const INVOCATION_MS = 15 * 60_000;

/** The engine over the services of the cloud in this process, for tests that hold a driver in their hands. */
export function engine() {
  const services = {
    ...engineServices(),
    executors: executorsFor({
      network: env.stepNetwork(),
      mail: ownMail(),
      bus: { put: async () => undefined },
      subscribers: { tell: async () => {} },
    }),
    openConnection: noConnection,
    connections: connections(),
    calls: calls(),
    recordings: { recordingOf: async () => undefined },
  };
  return {
    ...services,
    /** The run as its row has it. */
    async run(id: string): Promise<Run> {
      const run = await services.runs.get(id);
      if (!run) throw new Error(`There is no run ${id}.`);
      return run;
    },
  };
}

/** What a state machine says to the worker, and what that answers. Each call is another delivery unless `id` says otherwise. */
export function driven(
  services: DriveServices,
  run: string,
  { until, ...more }: Partial<DriveMessage> & Partial<Pick<Invocation, 'until'>> = {},
): Promise<DriveAnswer> {
  const now = services.now();
  const execution = more.execution ?? 1;
  const id = `arn:aws:states:us-east-1:000000000000:express:runs:${run}-${execution}:${ulid()}`;
  const message = { run, execution, turn: 0, id, startedAt: now.toISOString(), express: true, ...more };
  return drive(services, message, { id: ulid(), until: until ?? new Date(now.getTime() + INVOCATION_MS) });
}

/** A run that stands without an execution: its start was lost. */
export async function heldRun(
  services: StartServices,
  workflowId: string,
  inputs: Record<string, unknown> = {},
): Promise<string> {
  const request: StartRequest = {
    workspace: 'local',
    workflowId,
    stage: 'Published',
    inputs,
    fileIds: [],
    trigger: 'api',
    actor: anActor(),
  };
  return (await startRun(withoutExecutions(services), request)).run.id;
}

/** The engine, whose calls of Step Functions are lost. */
export const withoutExecutions = <Services extends StartServices>(services: Services): Services => ({
  ...services,
  executions: { start: () => Promise.reject(new Error('lost')) },
  watcher: { ...services.watcher, startLost: () => {} },
});

/** The engine so much later. */
export const later = <Services extends StartServices>(services: Services, ms: number): Services => ({
  ...services,
  now: () => new Date(Date.now() + ms),
});

/** A look of the sweeper, all of it; throws what it could not deal with. */
export async function swept(services: StartServices): Promise<void> {
  const { failed } = await sweep(services, new Date(services.now().getTime() + 60_000));
  for (const { id, error } of failed) throw new Error(`Run ${id} could not be dealt with.`, { cause: error });
}
