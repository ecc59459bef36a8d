import { executionName, type Run } from '../model/run.ts';
import type { EngineServices, ExecutionKind } from '../ports.ts';

/** Starts the newest execution of a run. A call that is lost fails nothing: the sweeper asks for the next. `waitMs`: how long its end is waited for. */
export async function startExecution(
  { executions, watcher }: Pick<EngineServices, 'executions' | 'watcher'>,
  run: Run,
  kind: ExecutionKind,
  waitMs?: number,
): Promise<void> {
  await executions
    .start(kind, executionName(run), { run: run.id, execution: run.execution }, waitMs)
    .catch((error: unknown) => watcher.startLost(run, error));
}
