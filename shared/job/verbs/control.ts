import * as z from 'zod';
import { pauseRun } from '../../run/control/pause-run.ts';
import { resumeRun } from '../../run/control/resume-run.ts';
import { stopRun } from '../../run/control/stop-run.ts';
import { runVerb } from '../verb.ts';
import { hasEnded, isStopping } from './state-words.ts';

const none = z.object({});

export const stop = runVerb({
  role: 'operator',
  word: 'run.stop',
  params: z.object({ mode: z.enum(['immediate', 'graceful']), drainTimeout: z.int().optional() }),
  // A stop at once is stronger than one that drains.
  exclusion: (_, run, { mode }) => hasEnded(run) ?? (mode === 'graceful' ? isStopping(run) : undefined),
  async act(services, run, { mode, drainTimeout: drainSeconds }, { actor, reason }) {
    await stopRun(services, run, { mode, drainSeconds, actor, reason });
    return undefined;
  },
  done: (run) => (run?.status === 'cancelled' ? {} : undefined),
});

export const pause = runVerb({
  role: 'operator',
  word: 'run.pause',
  params: none,
  exclusion: (_, run) => hasEnded(run) ?? isStopping(run) ?? (run.pause ? 'It pauses or is paused already.' : undefined),
  async act(services, run, _, { actor, reason }) {
    await pauseRun(services, run, actor, reason);
    return undefined;
  },
});

export const resume = runVerb({
  role: 'operator',
  word: 'run.resume',
  params: none,
  exclusion: (_, run) => hasEnded(run) ?? isStopping(run) ?? (run.pause ? undefined : 'It is not paused.'),
  async act(services, run, _, { actor }) {
    await resumeRun(services, run, actor);
    return undefined;
  },
});
