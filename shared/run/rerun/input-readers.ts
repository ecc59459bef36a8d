import { readingOf } from '../../expression/references.ts';
import type { Step } from '../../step/kind.ts';
import { kindOf } from '../../step/registry.ts';

/** The inputs that a step reads: their names, or `*` where it reads them as a whole. Steps inside it are not looked at. */
export function inputsReadBy({ kind: name, spec, if: condition, output, timeout }: Step): Set<string> {
  const kind = kindOf(name);
  const own = kind.shape === 'group' ? kind.entryTemplates(spec as never) : spec;
  const read = new Set<string>();
  for (const text of strings([own, condition, output, timeout])) {
    for (const reference of readingOf(text).references) {
      if (reference.name !== 'input') continue;
      read.add(/^\$input\.`?([A-Za-z_]\w*)/.exec(text.slice(reference.position))?.[1] ?? '*');
    }
  }
  return read;
}

function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(strings);
}
