import { isMap } from '../kernel/is-map.ts';
import { numberFrom, parseJson } from '../kernel/json.ts';

/** A field of a form as a page without scripts can ask for it. */
export type Field = { name: string; label: string; hint: string | undefined; isRequired: boolean } & (
  | { kind: 'text' | 'number' | 'json' | 'yes or no'; preset: string | undefined }
  | { kind: 'choice'; options: string[]; preset: string | undefined }
);

type Schema = Record<string, unknown>;

const wordOf = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
const isPlain = (value: unknown) => ['string', 'number', 'boolean'].includes(typeof value);

/** What a form asks for, property by property. What is no plain value is asked for as JSON. */
export function fieldsOf(form: Schema | undefined): Field[] {
  const properties = isMap(form?.['properties']) ? form['properties'] : {};
  const required: unknown = form?.['required'];
  return Object.entries(properties).map(([name, schema]) => {
    const given = isMap(schema) ? schema : {};
    const { enum: options, default: preset } = given;
    const about = {
      name,
      label: wordOf(given['title']) ?? name,
      hint: wordOf(given['description']),
      isRequired: Array.isArray(required) && required.includes(name),
    };
    if (Array.isArray(options) && options.every(isPlain))
      return {
        ...about,
        kind: 'choice' as const,
        options: options.map(String),
        preset: preset === undefined ? undefined : String(preset),
      };
    const kind = kindOf(given['type']);
    return {
      ...about,
      kind,
      preset: preset === undefined ? undefined : kind === 'json' ? JSON.stringify(preset) : String(preset),
    };
  });
}

function kindOf(type: unknown) {
  if (type === 'string') return 'text' as const;
  if (type === 'number' || type === 'integer') return 'number' as const;
  return type === 'boolean' ? ('yes or no' as const) : ('json' as const);
}

/** Fields of a page stand behind this, so that none takes the place of a decision. */
export const FIELD = 'form.';

/** What was filled in. What is empty was not, and what is no number, or no JSON, stays the text that it is: the schema says what is wrong with it. */
export function filledIn(form: Schema | undefined, given: URLSearchParams): Record<string, unknown> {
  const properties = isMap(form?.['properties']) ? form['properties'] : {};
  return Object.fromEntries(
    fieldsOf(form).flatMap((field): [string, unknown][] => {
      const text = given.get(FIELD + field.name);
      if (field.kind === 'yes or no') return [[field.name, text !== null]];
      if (text === null || text.trim() === '') return [];
      return [[field.name, valueFrom(field, text, properties[field.name])]];
    }),
  );
}

function valueFrom({ kind }: Field, text: string, schema: unknown): unknown {
  if (kind === 'number') return /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text.trim()) ? numberFrom(text.trim()) : text;
  if (kind === 'choice') return choiceOf(text, schema);
  if (kind !== 'json') return text;
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

function choiceOf(text: string, schema: unknown): unknown {
  const options: unknown = isMap(schema) ? schema['enum'] : undefined;
  return Array.isArray(options) ? (options.find((one) => String(one) === text) ?? text) : text;
}
