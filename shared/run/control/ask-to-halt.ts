import type { Engine } from '../ports.ts';
import { type Run, walkName } from '../run.ts';
import { settleRun } from '../settle-run.ts';
import { isTerminal } from '../status.ts';
import { nextLookAtHalt } from './halt.ts';
import { lineOf } from './say.ts';
import { waitedFor } from './waited-for.ts';

/** What a run is asked for: to pause, or to stop once its steps in flight have completed. */
export type Halt = { pause: NonNullable<Run['pause']> } | { stop: NonNullable<Run['stop']> };

/**
 * Writes down what is asked for, ends the walk, which is disposable, and asks the same of the runs that its steps wait for. False when the run has
 * ended or does so already. Whatever a crash leaves undone, `whenQuiet` and the sweeper carry on.
 */
export async function askToHalt(engine: Engine, run: Run, halt: Halt): Promise<boolean> {
  const dueAt = nextLookAtHalt(engine.now(), 'stop' in halt ? halt.stop.until : undefined);
  const [type, message] = said(halt);
  const say = lineOf(engine, run, type, message);
  const taken =
    'pause' in halt
      ? await engine.runs.requestPause(run, halt.pause, dueAt)
      : await engine.runs.requestStop(run, halt.stop, dueAt);
  if (!taken) return false;

  await say();
  await engine.walks.stop(run.machine, walkName(run), 'pause' in halt ? 'RUN_PAUSED' : 'RUN_STOPPED');
  await haltChildren(engine, run, halt);
  if ('stop' in halt && run.status === 'paused') await settleRun(engine, { ...run, stop: halt.stop }, { kind: 'cancelled' });
  return true;
}

/** Asks the runs that a run's steps wait for to halt as it does. Those that have ended or do so already are left as they are. */
export async function haltChildren(engine: Engine, run: Run, halt: Halt): Promise<void> {
  const children = await waitedFor(engine, run);
  await Promise.all(children.filter((child) => !follows(child, halt)).map((child) => askToHalt(engine, child, halt)));
}

const follows = (child: Run, halt: Halt) =>
  isTerminal(child.status) || child.stop !== undefined || ('pause' in halt && child.pause !== undefined && !child.pause.resume);

const said = (halt: Halt) =>
  'pause' in halt
    ? (['run_pausing', `Pause asked for by ${byWhom(halt.pause)}`] as const)
    : ([
        'run_draining',
        `Graceful stop asked for by ${byWhom(halt.stop)}; steps in flight have until ${halt.stop.until}.`,
      ] as const);

const byWhom = ({ by, reason }: { by: string; reason?: string | undefined }) => (reason === undefined ? by : `${by}: ${reason}`);
