import { kindOf } from '../../step/registry.ts';
import type { Usage } from '../../usage/usage.ts';
import type { Entry } from './entry.ts';
import { isOver, type StepState, type StepStatus } from './step-state.ts';

/** Kinds whose every attempt is a call. */
const CALLS: Readonly<Record<string, 'http' | 'mcp' | 'mail'>> = { http: 'http', mcp: 'mcp', email: 'mail' };
const MINUTE_MS = 60_000;

/** What an entry adds to what its step has used. `before`: what it was before the entry. What a rerun takes over was paid for in the run before. */
export function usedBy(entry: Extract<Entry, { key: string }>, step: StepState, kind: string, before: StepStatus): Usage {
  if ('reused' in entry && entry.reused !== undefined) return {};
  return { ...ofAttempt(entry, kind, before), ...ofStep(entry, step, kind) };
}

/** An entry that ends an attempt says what it has used, where that is more than one call. */
function ofAttempt(entry: Extract<Entry, { key: string }>, kind: string, before: StepStatus): Usage {
  const call = CALLS[kind];
  const one: Usage = call === undefined ? {} : { [call]: 1 };
  switch (entry.type) {
    case 'step_completed':
    case 'step_retrying':
    case 'step_failed':
      return { ...one, ...entry.usage };
    case 'task_opened':
      return entry.error ? { ...one, ...entry.usage } : {};
    case 'step_cancelled':
      return before === 'running' ? one : {};
    default:
      return {};
  }
}

function ofStep(entry: Entry, step: StepState, kind: string): Usage {
  if (!isOver(step) || step.status === 'skipped' || step.reused !== undefined) return {};
  const minutes = waits(kind) && step.startedAt !== undefined ? minutesBetween(step.startedAt, entry.at) : 0;
  return { step: 1, ...(minutes > 0 && { waiting: minutes }) };
}

function waits(kind: string): boolean {
  const { shape } = kindOf(kind);
  return shape === 'timer' || shape === 'ask' || shape === 'call';
}

const minutesBetween = (from: string, to: string) => Math.floor(Math.max(0, Date.parse(to) - Date.parse(from)) / MINUTE_MS);
