import type { LeafContext } from '../../../shared/step/kind.ts';

export function aLeafContext(more: Partial<LeafContext> = {}): LeafContext {
  return {
    runId: 'r1',
    stepKey: 'a',
    attempt: 1,
    now: () => new Date('2030-01-01T00:00:00Z'),
    signal: new AbortController().signal,
    ...more,
  };
}
