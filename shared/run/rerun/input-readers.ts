import type { Step } from '../../step/kind.ts';
import { readingOf } from '../../workflow/references.ts';

/** The inputs that a step reads: their names, or `*` where it reads them as a whole. Steps inside it are not looked at. */
export function inputsReadBy({ spec, if: condition, output, timeout }: Step): Set<string> {
  const read = new Set<string>();
  for (const text of strings([spec, condition, output, timeout])) {
    for (const { name, position } of readingOf(text).references) {
      if (name === 'input') read.add(/^\$input\.`?([A-Za-z_]\w*)/.exec(text.slice(position))?.[1] ?? '*');
    }
  }
  return read;
}

function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null || 'steps' in value) return [];
  return Object.values(value).flatMap(strings);
}
