import type { Results } from './measure.ts';

export function table(results: Results, _: { markdown: boolean }): string {
  return JSON.stringify(results, null, 1);
}
