import * as z from 'zod';
import type { Actor } from '../../kernel/actor.ts';
import type { Entry, EntryOf } from './entry.ts';
import type { Run } from './run.ts';
import { parseKey } from './scope.ts';
import type { Stored } from './stored.ts';

export const EVENT_TYPES = [
  'run_created',
  'run_queued',
  'run_admitted',
  'run_started',
  'run_pausing',
  'run_paused',
  'run_resumed',
  'run_draining',
  'step_queued',
  'step_admitted',
  'step_started',
  'step_completed',
  'step_retrying',
  'step_failed',
  'step_cancelled',
  'task_opened',
  'task_answered',
  'task_expired',
  'run_succeeded',
  'run_failed',
  'run_cancelled',
  'run_timed_out',
  'run_skipped',
] as const;

export const eventType = z.enum(EVENT_TYPES);

/** One line of a run's log. Its id is the number of the entry that it tells of; that of the creation is 0. */
export interface RunEvent {
  id: number;
  time: string;
  type: (typeof EVENT_TYPES)[number];
  step?: string;
  scope?: string;
  attempt?: number;
  message: string;
  skipped?: true;
  reused?: string;
  reason?: string;
  /** The output that the line shows. */
  output?: Stored;
  data?: unknown;
}

/** The first line of every log. */
export const creationEvent = (run: Pick<Run, 'createdAt' | 'trigger'>): RunEvent => ({
  id: 0,
  time: run.createdAt,
  type: 'run_created',
  message: `Created by ${run.trigger}.`,
});

/** The only other line of a run that its `runIf` has kept from starting. */
export const skipEvent = (run: Pick<Run, 'createdAt' | 'reason'>): RunEvent => ({
  id: 1,
  time: run.createdAt,
  type: 'run_skipped',
  message: run.reason ?? 'Skipped.',
});

/**
 * The line that an entry puts into the log; undefined for what only the engine needs to know. Used by everybody who tells of a run: the log, live views, the audit log.
 */
export function eventOf(entry: Entry, id: number): RunEvent | undefined {
  const line = lineOf(entry);
  if (!line) return undefined;
  const place = 'key' in entry ? placeOf(entry.key) : {};
  return { id, time: entry.at, ...place, ...line };
}

function placeOf(key: string) {
  const { id, scope } = parseKey(key);
  return { step: id, scope };
}

type Line = Omit<RunEvent, 'id' | 'time'>;

const byWhom = ({ actor: { name }, reason }: { actor: Actor; reason?: string | undefined }) =>
  reason === undefined ? name : `${name}: ${reason}`;

function lineOf(entry: Entry): Line | undefined {
  switch (entry.type) {
    case 'run_queued':
      return { type: 'run_queued', message: entry.until === undefined ? 'Queued.' : `Queued until ${entry.until}.` };
    case 'run_admitted':
      return { type: 'run_admitted', message: 'Let in.' };
    case 'run_started':
      return { type: 'run_started', message: 'Started.' };
    case 'run_pausing':
      return { type: 'run_pausing', message: `Pause asked for by ${byWhom(entry)}` };
    case 'run_paused':
      return { type: 'run_paused', message: 'Paused: nothing is in flight.' };
    case 'run_resumed':
      return { type: 'run_resumed', message: `Resumed by ${entry.actor.name}.` };
    case 'run_draining':
      return {
        type: 'run_draining',
        message: `Graceful stop asked for by ${byWhom(entry)}; steps in flight have until ${entry.until}.`,
      };
    case 'run_ended':
      return endLine(entry);
    default:
      return 'key' in entry ? stepLine(entry) : undefined;
  }
}

function endLine(entry: Extract<Entry, { type: 'run_ended' }>): Line {
  const { status, error, reason, actor } = entry;
  const type = `run_${status}` as const;
  if (error) return { type, message: `${error.name}: ${error.message}`, data: { step: null, ...error } };
  if (status === 'cancelled' && actor)
    return { type, message: `Stopped by ${actor.name}${reason === undefined ? '.' : `: ${reason}`}` };
  return { type, message: reason ?? (status === 'succeeded' ? 'Succeeded.' : 'Ended.') };
}

function stepLine(entry: Extract<Entry, { key: string }>): Line | undefined {
  const attempt = ('attempt' in entry ? entry.attempt : undefined) ?? 1;
  const reused = 'reused' in entry && entry.reused !== undefined ? { reused: entry.reused } : undefined;
  if (reused && entry.type === 'step_started') return undefined;
  const taken = reused && `Taken over from run ${reused.reused}.`;
  switch (entry.type) {
    case 'step_started':
      return { type: 'step_started', attempt, message: startMessage(entry, attempt) };
    case 'step_queued':
      return { type: 'step_queued', attempt, message: `Queued: ${entry.reason}.` };
    case 'step_admitted':
      return { type: 'step_admitted', attempt, message: 'Let in.' };
    case 'step_completed':
      return { type: 'step_completed', attempt, message: taken ?? 'Completed.', output: entry.output, ...reused };
    case 'step_skipped':
      return {
        type: 'step_completed',
        skipped: true,
        reason: entry.reason,
        message: taken ?? skipMessage(entry.reason),
        ...reused,
      };
    case 'step_retrying':
      if (taken) return undefined;
      return {
        type: 'step_retrying',
        attempt,
        message: `${entry.error.name}: ${entry.error.message}; another attempt follows`,
        ...(entry.error.data !== undefined && { data: entry.error.data }),
      };
    case 'step_failed':
      return {
        type: 'step_failed',
        attempt,
        message: taken ?? `${entry.error.name}: ${entry.error.message}`,
        ...(entry.error.data !== undefined && { data: entry.error.data }),
        ...reused,
      };
    case 'task_opened':
      return {
        type: 'task_opened',
        attempt,
        message: askMessage(entry),
        ...(entry.error?.data !== undefined && { data: entry.error.data }),
      };
    case 'task_answered':
      return { type: 'task_answered', message: answerMessage(entry) };
    case 'task_expired':
      return { type: 'task_expired', message: 'Nobody has answered in time.' };
    case 'step_cancelled':
      return { type: 'step_cancelled', attempt, message: `${entry.error.name}: ${entry.error.message}` };
    default:
      return undefined;
  }
}

function askMessage({ title, assignees, error, until }: EntryOf<'task_opened'>): string {
  const whom = assignees.length === 0 ? 'Asks what to do' : `Asks ${assignees.join(', ')}`;
  const what = error ? `${error.name}: ${error.message}` : title;
  return `${whom}: ${what}${until === undefined ? '' : ` (until ${until})`}`;
}

function answerMessage({ actor, decision, comment }: EntryOf<'task_answered'>): string {
  return `${actor.name} answers ${decision}${comment === undefined ? '.' : `: ${comment}`}`;
}

function startMessage({ until }: Extract<Entry, { type: 'step_started' }>, attempt: number): string {
  if (until !== undefined) return `Waits until ${until}.`;
  return attempt === 1 ? 'Started.' : `Started attempt ${attempt}.`;
}

const skipMessage = (reason: 'condition' | 'blocked') =>
  reason === 'condition' ? 'Skipped: its condition was false.' : 'Skipped: the run ended before this step could start.';
