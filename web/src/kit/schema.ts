import { isMap } from '../../../shared/kernel/is-map.ts';

/** A JSON Schema, as far as a form follows it; what it does not follow is asked for as JSON. */
export type Schema = Readonly<Record<string, unknown>>;
export type Values = Record<string, unknown>;

const schemaAt = (schema: Schema, key: string): Schema | undefined => {
  const inner = schema[key];
  return isMap(inner) ? inner : undefined;
};
const textAt = (schema: Schema, key: string): string | undefined => {
  const text = schema[key];
  return typeof text === 'string' ? text : undefined;
};
const numberAt = (schema: Schema, key: string): number | undefined => {
  const number = schema[key];
  return typeof number === 'number' ? number : undefined;
};

/** Whatever else than null it may be. */
function solid(schema: Schema): Schema {
  const several = schema['anyOf'] ?? schema['oneOf'];
  const others = Array.isArray(several) ? several.filter((one) => isMap(one) && one['type'] !== 'null') : [];
  if (others.length === 1 && isMap(others[0])) return { ...schema, anyOf: undefined, oneOf: undefined, ...others[0] };
  const type = schema['type'];
  if (!Array.isArray(type)) return schema;
  const named = type.filter((one) => one !== 'null');
  return named.length === 1 ? { ...schema, type: named[0] } : schema;
}

export type FieldKind =
  | { kind: 'choice'; options: readonly unknown[] }
  | { kind: 'flag' }
  | { kind: 'number' }
  | { kind: 'text'; isLong: boolean; format: string | undefined }
  | { kind: 'lines' }
  | { kind: 'fields' }
  /** Each item by a form of its own. */
  | { kind: 'list'; items: Schema }
  | { kind: 'json' };

const LONG = 500;

/** Words are written one a line; what has no form is written as JSON with its list. */
function listOf(items: Schema): FieldKind {
  const ask = kindOf(items);
  if (ask.kind === 'text') return { kind: 'lines' };
  return ask.kind === 'json' || ask.kind === 'lines' ? { kind: 'json' } : { kind: 'list', items };
}

/** How a value of the schema is asked for. */
function kindOf(schema: Schema): FieldKind {
  const options = schema['enum'] ?? ('const' in schema ? [schema['const']] : undefined);
  if (Array.isArray(options)) return { kind: 'choice', options };
  switch (schema['type']) {
    case 'boolean':
      return { kind: 'flag' };
    case 'number':
    case 'integer':
      return { kind: 'number' };
    case 'string':
      return { kind: 'text', isLong: (numberAt(schema, 'maxLength') ?? 0) > LONG, format: textAt(schema, 'format') };
    case 'array':
      return listOf(solid(schemaAt(schema, 'items') ?? {}));
    case 'object':
      return schemaAt(schema, 'properties') ? { kind: 'fields' } : { kind: 'json' };
    default:
      return { kind: 'json' };
  }
}

export interface FormField {
  name: string;
  label: string;
  hint: string | undefined;
  required: boolean;
  schema: Schema;
  ask: FieldKind;
}

/** What the schema of an object asks for, in its order. */
export function fieldsOf(schema: Schema): FormField[] {
  const required = schema['required'];
  return Object.entries(schemaAt(schema, 'properties') ?? {}).flatMap(([name, inner]) => {
    const isRequired = Array.isArray(required) && required.includes(name);
    return [fieldOf(name, isMap(inner) ? inner : {}, isRequired)];
  });
}

function fieldOf(name: string, given: Schema, required: boolean): FormField {
  const schema = solid(given);
  const label = textAt(schema, 'title') ?? humanised(name);
  return { name, label, hint: textAt(schema, 'description'), required, schema, ask: kindOf(schema) };
}

/** An item of a list as a field: by its number, from 1, or by what the schema calls it. */
export function itemOf(list: FormField, items: Schema, at: number): FormField {
  const field = fieldOf(String(at), items, true);
  return { ...field, label: `${textAt(field.schema, 'title') ?? list.label} ${at + 1}` };
}

/** `client_id` and `costCentre` as people write them. */
function humanised(name: string): string {
  const spaced = name
    .replaceAll('_', ' ')
    .replace(/([a-z0-9])([A-Z])/g, (_, end: string, start: string) => `${end} ${start.toLowerCase()}`);
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

/** What stands in a form before anybody has written anything. */
export function defaultsOf(schema: Schema): Values {
  return Object.fromEntries(
    fieldsOf(schema).flatMap(({ name, required, schema: inner, ask }): [string, unknown][] => {
      if (inner['default'] !== undefined) return [[name, inner['default']]];
      if (ask.kind === 'choice' && required && ask.options.length === 1) return [[name, ask.options[0]]];
      const nested = ask.kind === 'fields' ? defaultsOf(inner) : {};
      return Object.keys(nested).length > 0 ? [[name, nested]] : [];
    }),
  );
}

/** The fields that a form wants and does not have yet, by their labels. */
export function missingIn(schema: Schema, values: Values): string[] {
  return fieldsOf(schema).flatMap(({ name, label, required, schema: inner, ask }) => {
    const value = values[name];
    if (value === undefined) return required ? [label] : [];
    if (ask.kind === 'list' && Array.isArray(value))
      return value.flatMap((item) => (isMap(item) ? missingIn(ask.items, item) : []));
    return ask.kind === 'fields' && isMap(value) ? missingIn(inner, value) : [];
  });
}
