import type { PlannedStep } from '../../workflow/plan.ts';

/** `stock[3]/fetch~2/` -> `['stock[3]', 'fetch~2']` */
const segments = (scope: string) => scope.split('/').filter(Boolean);

/** The scope of the items of a loop. */
export const itemScope = (scope: string, id: string, index: number) => `${scope}${id}[${index}]/`;

/** The scope of one try of a group with `retry`. */
export const tryScope = (scope: string, id: string, tries: number) => `${scope}${id}~${tries}/`;

/** The scope in which `planned` stands, seen from a scope at or below it. */
export const scopeOf = (planned: PlannedStep, from: string) =>
  segments(from)
    .slice(0, planned.scopes.length)
    .map((segment) => `${segment}/`)
    .join('');

/** As much of a scope as lies in the loops and tries that `planned` stands in. */
export function sharedScope({ scopes }: PlannedStep, from: string): string[] {
  const parts = segments(from);
  const apart = scopes.findIndex(({ id, by }, place) => !parts[place]?.startsWith(`${id}${by === 'try' ? '~' : '['}`));
  return parts.slice(0, apart < 0 ? scopes.length : apart);
}

/** The step key of `planned`, seen from a scope at or below it. */
export const stepKeyOf = (planned: PlannedStep, from: string) => scopeOf(planned, from) + planned.id;

/** The try of the enclosing group `id`, read from the scope. */
export function tryIn(scope: string, id: string): number | undefined {
  const segment = segments(scope).find((part) => part.startsWith(`${id}~`));
  return segment === undefined ? undefined : Number(segment.slice(id.length + 1));
}

/** The index of the enclosing loop `id`, read from the scope. */
export function indexIn(scope: string, id: string): number | undefined {
  const segment = segments(scope).find((part) => part.startsWith(`${id}[`));
  return segment === undefined ? undefined : Number(segment.slice(id.length + 1, -1));
}

/** The scope of another item of the enclosing loop `id`. */
export function besideItem(scope: string, id: string, index: number): string {
  const parts = segments(scope);
  const place = parts.findIndex((part) => part.startsWith(`${id}[`));
  return [...parts.slice(0, place), `${id}[${index}]`].map((part) => `${part}/`).join('');
}

/** `stock[3]/fetch~2/call` -> scope `stock[3]/fetch~2/` and id `call`. */
export function parseKey(key: string): { scope: string; id: string } {
  const end = key.lastIndexOf('/') + 1;
  return { scope: key.slice(0, end), id: key.slice(end) };
}
