import type { Json } from '../json.ts';
import { StatesError } from './states-error.ts';

/** Where paths look: `$` is the data of the state, `$$` the context object. */
export interface Scope {
  data: Json;
  context: Json;
}

/** What a reference path such as `$.run.id` or `$$.Execution.Id` means. */
export function at(path: string, { data, context }: Scope): Json {
  const [root, ...fields] = path.split('.');
  let value: Json = root === '$$' ? context : data;
  for (const field of fields) {
    const inner: Json | undefined =
      typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, field)
        ? value[field]
        : undefined;
    if (inner === undefined) throw new StatesError('States.Runtime', `The path '${path}' could not be found in the input`);
    value = inner;
  }
  return value;
}

export function textAt(path: string, scope: Scope): string {
  const value = at(path, scope);
  if (typeof value === 'string') return value;
  throw new StatesError('States.Runtime', `The value at '${path}' is not a string`);
}

/** A payload template: members whose names end in `.$` are paths, the others stand for themselves. */
export function filled(template: Record<string, Json>, scope: Scope): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(template).map(([name, value]) =>
      name.endsWith('.$') ? [name.slice(0, -2), at(String(value), scope)] : [name, value],
    ),
  );
}
