/** Where instants stand on a line of 100: long stretches in which nothing happens are short breaks. */
export interface Scale {
  at(ms: number): number;
  breaks: readonly number[];
}

interface Span {
  from: number;
  to: number;
}

/** A stretch without events is a break when it is this long and this much of the whole. */
const BREAK_MS = 60_000;
const BREAK_SHARE = 0.25;
const BREAK_WIDTH = 6;

export function scaleOf(spans: readonly Span[]): Scale {
  const marks = [...new Set(spans.flatMap(({ from, to }) => [from, to]))].sort((a, b) => a - b);
  const first = marks[0] ?? 0;
  const total = Math.max(1, (marks.at(-1) ?? 0) - first);
  const pieces = marks.slice(1).map((to, index) => {
    const from = marks[index] ?? to;
    return { from, to, isBreak: to - from > BREAK_MS && (to - from) / total > BREAK_SHARE };
  });
  const breakCount = pieces.filter(({ isBreak }) => isBreak).length;
  const shown = Math.max(1, total - pieces.reduce((sum, { from, to, isBreak }) => sum + (isBreak ? to - from : 0), 0));
  const room = 100 - breakCount * BREAK_WIDTH;
  const placed: { from: number; to: number; left: number; width: number; isBreak: boolean }[] = [];
  let left = 0;
  for (const piece of pieces) {
    const width = piece.isBreak ? BREAK_WIDTH : ((piece.to - piece.from) / shown) * room;
    placed.push({ ...piece, left, width });
    left += width;
  }
  return {
    at(ms) {
      const piece = placed.find(({ from, to }) => ms >= from && ms <= to);
      if (!piece) return ms <= first ? 0 : 100;
      return piece.left + ((ms - piece.from) / Math.max(1, piece.to - piece.from)) * piece.width;
    },
    breaks: placed.filter(({ isBreak }) => isBreak).map(({ left: at, width }) => at + width / 2),
  };
}

/** One execution of a step. */
export interface Attempt {
  from: number;
  /** Of one that goes on: undefined. */
  to: number | undefined;
  isFailed: boolean;
}

/** What is read of a line of the log. */
interface Line {
  type: string;
  scope: string;
  step: string | null;
  time: string;
}

const FAILS = /^step_(retrying|failed|cancelled)$|^task_opened$/;
const ENDS = /^step_(completed|retrying|failed|cancelled)$|^task_opened$/;

/** When each of these steps was executed, as far as the log is here and there is more than one time. */
export function attemptsIn(lines: readonly Line[], keys: ReadonlySet<string>): Map<string, Attempt[]> {
  const all = new Map<string, Attempt[]>();
  if (keys.size === 0) return all;
  for (const { type, scope, step, time } of lines) {
    if (step === null) continue;
    const key = scope + step;
    if (!keys.has(key)) continue;
    const own = all.get(key) ?? [];
    const last = own.at(-1);
    if (type === 'step_started') all.set(key, [...own, { from: Date.parse(time), to: undefined, isFailed: false }]);
    else if (last && last.to === undefined && ENDS.test(type))
      Object.assign(last, { to: Date.parse(time), isFailed: FAILS.test(type) });
  }
  for (const [key, { length }] of all) if (length < 2) all.delete(key);
  return all;
}
