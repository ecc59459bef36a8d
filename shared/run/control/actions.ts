import type { Run } from '../model/run.ts';
import { isTerminal, RUN_STATUS } from '../model/status.ts';

/** What may be done to a run, and why something may not. */
export interface Action {
  action: 'pause' | 'resume' | 'stop' | 'stop_gracefully' | 'rerun' | 'rerun_from_failed';
  allowed: boolean;
  reason: string | null;
}

/** What may be done next. A reason names what stands in the way. */
export function actionsOf(run: Run): Action[] {
  const ended = isTerminal(run.status) ? `It has ended: it is ${RUN_STATUS[run.status].v1}.` : null;
  const stopping = run.stop ? 'It is being stopped.' : null;
  const failed = run.status === 'succeeded' || run.status === 'skipped' ? 'It has not failed.' : null;
  const live = ended ? null : 'It has not ended.';
  return [
    action('pause', ended ?? stopping ?? (run.pause ? 'It pauses or is paused already.' : null)),
    action('resume', ended ?? stopping ?? (run.pause ? null : 'It is not paused.')),
    action('stop', ended),
    action('stop_gracefully', ended ?? stopping),
    action('rerun', live),
    action('rerun_from_failed', live ?? failed),
  ];
}

const action = (name: Action['action'], reason: string | null): Action => ({ action: name, allowed: reason === null, reason });
