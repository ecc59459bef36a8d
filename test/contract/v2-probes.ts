import { resolve, type Schema } from './v2-contract.ts';

/** A value for one place of a request, and whether the contract takes it there. */
export interface Probe {
  at: (string | number)[];
  constraint: string;
  value: unknown;
  fits: boolean;
}

/** Leaves the place out. */
export const ABSENT = Symbol('absent');

const ANNOTATIONS = ['title', 'description', 'default', '$ref', 'properties', 'items', 'anyOf'];

const OF_TYPE: Record<string, unknown> = {
  string: 'text',
  integer: 7,
  number: 1.5,
  object: { some: 'thing' },
  array: [],
  null: null,
  boolean: true,
};

/** For each constraint in a schema: values just inside and just outside. Throws for a constraint that it does not know. */
export function probesOf(given: Schema, at: Probe['at'] = []): Probe[] {
  const schema = resolve(given);
  const branches = (schema.anyOf ?? [schema]).map(resolve);
  return [...typeProbes(branches, at), ...branches.flatMap((branch) => constraintProbes(branch, at))];
}

function typeProbes(branches: Schema[], at: Probe['at']): Probe[] {
  const types = new Set(branches.map(({ type }) => type));
  // Every integer is a number; that a fraction is no integer is a case of its own.
  if (types.has('number')) types.add('integer');
  const free = new Set(
    branches.filter(({ enum: values, pattern, properties }) => !values && !pattern && !properties).map(({ type }) => type),
  );
  return Object.entries(OF_TYPE).flatMap(([type, value]): Probe[] => {
    const fits = types.has(type as Schema['type']);
    if (fits && !free.has(type as Schema['type']) && type !== 'integer') return [];
    return [{ at, constraint: `type ${[...types].join(' or ')}`, value, fits }];
  });
}

function constraintProbes(schema: Schema, at: Probe['at']): Probe[] {
  const probe = (constraint: string, inside: unknown[], outside: unknown[]): Probe[] => [
    ...inside.map((value) => ({ at, constraint, value, fits: true })),
    ...outside.map((value) => ({ at, constraint, value, fits: false })),
  ];
  return Object.entries(schema).flatMap(([keyword, limit]): Probe[] => {
    const n = Number(limit);
    if (keyword === 'minLength') return probe(`minLength ${n}`, ['a'.repeat(n)], ['a'.repeat(n - 1)]);
    // Characters are counted by code points.
    const long = (length: number) => (schema.pattern ? ['a'.repeat(length)] : ['a'.repeat(length), '\u{1f680}'.repeat(length)]);
    if (keyword === 'maxLength') return probe(`maxLength ${n}`, long(n), long(n + 1));
    if (keyword === 'maximum') return probe(`maximum ${n}`, [n], [n + 1]);
    if (keyword === 'pattern') return probe(`pattern ${limit}`, ['aZ09-_'], ['a b', 'a/b', 'é', 'a\n', '../x', 'a\u0000']);
    if (keyword === 'enum')
      return probe('enum', schema.enum ?? [], ['Nope', '', ...(schema.enum ?? []).map((one) => one.toLowerCase())]);
    if (keyword === 'required') {
      return (schema.required ?? []).map((name) => ({ at: [...at, name], constraint: 'required', value: ABSENT, fits: false }));
    }
    if (keyword === 'type' || ANNOTATIONS.includes(keyword)) return inner(keyword, schema, at);
    throw new Error(`Nothing here knows how to probe ${keyword} at ${at.join('.')}`);
  });
}

function inner(keyword: string, schema: Schema, at: Probe['at']): Probe[] {
  if (keyword === 'items' && schema.items) return probesOf(schema.items, [...at, 0]);
  if (keyword !== 'properties') return [];
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => [
    ...probesOf(property, [...at, name]),
    ...(schema.required?.includes(name) ? [] : [{ at: [...at, name], constraint: 'optional', value: ABSENT, fits: true }]),
  ]);
}

/** The request with the probe's value in its place. */
export function withProbe(request: unknown, { at, value }: Pick<Probe, 'at' | 'value'>): unknown {
  const [key, ...rest] = at;
  if (key === undefined) return value;
  if (typeof key === 'number') return [withProbe(Array.isArray(request) ? request[key] : undefined, { at: rest, value })];
  const fields = request as Record<string, unknown>;
  const { [key]: before, ...others } = fields;
  const next = withProbe(before, { at: rest, value });
  return next === ABSENT ? others : { ...others, [key]: next };
}
