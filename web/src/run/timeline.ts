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
