import { isMap } from '../../../shared/kernel/is-map.ts';

/** What a model has said so far in an attempt of a step. */
export interface Speech {
  step: string;
  attempt: number;
  text: string;
  /** How many characters have been said by then. */
  until: number;
  /** More is not told; the answer of the step has all of it. */
  isCut: boolean;
}

interface Chunk {
  step: string;
  attempt: number;
  offset: number;
  text: string;
  isCut: boolean;
}

function chunkOf(told: unknown): Chunk | undefined {
  if (!isMap(told)) return undefined;
  const { step, attempt, offset, text, cut } = told;
  return typeof step === 'string' && typeof attempt === 'number' && typeof offset === 'number' && typeof text === 'string'
    ? { step, attempt, offset, text, isCut: cut === true }
    : undefined;
}

/** What stands for pieces that were lost, or said before anybody listened. */
const GAP = '… ';

/** Hears a piece: what was heard twice counts once, what was lost is a gap, and a new attempt begins anew. */
export function hearing(speeches: readonly Speech[], told: unknown): readonly Speech[] {
  const chunk = chunkOf(told);
  if (!chunk) return speeches;
  const { step, attempt, offset, text, isCut } = chunk;
  const before = speeches.find((one) => one.step === step);
  const others = speeches.filter((one) => one.step !== step);
  if (before && before.attempt > attempt) return speeches;
  const { text: heard, until } = before?.attempt === attempt ? before : { text: '', until: 0 };
  const next = { step, attempt, until: Math.max(until, offset + text.length), isCut };
  return [...others, { ...next, text: heard + (offset > until ? GAP : '') + text.slice(Math.max(0, until - offset)) }];
}

const ENDED = /^step_(completed|failed|retrying|cancelled)$|^run_(succeeded|failed|cancelled|timed_out)$/;

interface Line {
  type: string;
  scope: string | null;
  step: string | null;
}

/** Without those whose step has ended: the answer itself stands there now. */
export function stillSpeaking(speeches: readonly Speech[], lines: readonly Line[]): readonly Speech[] {
  if (speeches.length === 0) return speeches;
  const ended = new Set(
    lines.flatMap(({ type, scope, step }) => (ENDED.test(type) ? [step ? `${scope ?? ''}${step}` : ''] : [])),
  );
  return ended.has('') ? [] : speeches.filter(({ step }) => !ended.has(step));
}
