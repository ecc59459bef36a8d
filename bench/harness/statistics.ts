export interface Spread {
  p50: number;
  p95: number;
}

/** Nearest rank. */
export function spreadOf(samples: number[]): Spread {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
  return { p50: at(0.5), p95: at(0.95) };
}

export const median = (samples: number[]) => spreadOf(samples).p50;
