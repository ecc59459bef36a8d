import type { Template } from '../expression/template.ts';
import { hasExpression } from '../expression/template.ts';
import type { Kind } from '../step/kind.ts';
import type { Finding } from './diagnostic.ts';
import { readAs, valueAt } from './zod-findings.ts';

/** What under a kind holds no expression, and will not do once all the rest is evaluated. */
export function checkConstants(kind: Kind, spec: unknown): Finding[] {
  if (kind.shape === 'group') return [];
  const { findings } = readAs<unknown>(kind.resolved, spec);
  return findings.filter(({ at, mark }) => !holdsExpression(valueAt(spec, mark ?? at)));
}

export function holdsExpression(template: Template): boolean {
  if (typeof template === 'string') return hasExpression(template);
  return typeof template === 'object' && template !== null && Object.values(template).some(holdsExpression);
}
