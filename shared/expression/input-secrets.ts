import { linear } from '../expression/linear-regex.ts';
import { isMap } from '../kernel/is-map.ts';
import { MASK } from '../kernel/mask.ts';

type Schema = Record<string, unknown>;

const marked = new WeakMap<Schema, boolean>();

/** Whether an input schema marks anything with `secret: true`. */
export function hasSecrets(schema: unknown): schema is Schema {
  if (!isMap(schema)) return false;
  const known = marked.get(schema) ?? JSON.stringify(schema).includes('"secret":true');
  marked.set(schema, known);
  return known;
}

/** Every text and number that stands where the schema says `secret: true`. */
export function secretsOf(schema: unknown, inputs: unknown): string[] {
  return hasSecrets(schema) ? [...new Cover(schema).over(inputs).secrets] : [];
}

/** The inputs with a mask wherever the schema says `secret: true`. */
export function maskedInputs(schema: unknown, inputs: unknown): unknown {
  return hasSecrets(schema) ? new Cover(schema).over(inputs).value : inputs;
}

/** Goes through a schema and a value side by side. Each schema is applied to each value once, so that references that multiply each other do not. */
class Cover {
  readonly #root: Schema;
  readonly #secrets = new Set<string>();

  constructor(root: Schema) {
    this.#root = root;
  }

  over(inputs: unknown): { value: unknown; secrets: Set<string> } {
    return { value: this.#apply(this.#root, inputs, new Set()), secrets: this.#secrets };
  }

  #apply(schema: unknown, value: unknown, applied: Set<Schema>): unknown {
    if (!isMap(schema) || applied.has(schema)) return value;
    if (schema['secret'] === true) return this.#hidden(value);
    applied.add(schema);
    const beside = this.#beside(schema).reduce<unknown>((covered, other) => this.#apply(other, covered, applied), value);
    if (Array.isArray(beside)) return beside.map((item, at) => this.#applyAll(schemasOfItem(schema, at), item));
    if (!isMap(beside)) return beside;
    return Object.fromEntries(
      Object.entries(beside).map(([key, inner]) => [key, this.#applyAll(schemasOfProperty(schema, key), inner)]),
    );
  }

  #applyAll(schemas: unknown[], value: unknown): unknown {
    const applied = new Set<Schema>();
    return schemas.reduce<unknown>((covered, schema) => this.#apply(schema, covered, applied), value);
  }

  /** Schemas that speak of the same value. Which of several alternatives holds is not asked: what one of them calls a secret is one. */
  #beside(schema: Schema): unknown[] {
    const lists = ['allOf', 'anyOf', 'oneOf'].flatMap((key) => (Array.isArray(schema[key]) ? schema[key] : []));
    const dependent = isMap(schema['dependentSchemas']) ? Object.values(schema['dependentSchemas']) : [];
    return [this.#referred(schema['$ref']), ...lists, schema['if'], schema['then'], schema['else'], ...dependent];
  }

  #referred(ref: unknown): unknown {
    if (typeof ref !== 'string' || !ref.startsWith('#')) return undefined;
    const path = decoded(ref.slice(1)).split('/').slice(1);
    const steps = path.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
    return steps.reduce<unknown>(
      (at, step) => (typeof at === 'object' && at !== null && Object.hasOwn(at, step) ? Reflect.get(at, step) : undefined),
      this.#root,
    );
  }

  #hidden(value: unknown): unknown {
    if (value === undefined || value === null) return value;
    this.#collect(value);
    return MASK;
  }

  #collect(value: unknown): void {
    if (typeof value === 'string' || typeof value === 'number') this.#secrets.add(String(value));
    else if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) this.#collect(inner);
  }
}

function schemasOfItem(schema: Schema, at: number): unknown[] {
  const { prefixItems, items, contains, unevaluatedItems } = schema;
  const own: unknown = Array.isArray(prefixItems) && at < prefixItems.length ? prefixItems[at] : items;
  return [own, contains, unevaluatedItems];
}

function schemasOfProperty(schema: Schema, key: string): unknown[] {
  const { properties, patternProperties, additionalProperties, unevaluatedProperties } = schema;
  const named = isMap(properties) && Object.hasOwn(properties, key) ? [properties[key]] : [];
  const matching = isMap(patternProperties)
    ? Object.entries(patternProperties).flatMap(([pattern, inner]) => (matches(pattern, key) ? [inner] : []))
    : [];
  const own = [...named, ...matching];
  return own.length > 0 ? own : [additionalProperties, unevaluatedProperties];
}

/** As ajv is given them: no pattern of an author hangs the worker. */
const matches = (pattern: string, key: string) => linear(new RegExp(pattern, 'u')).matcher(key).find();

function decoded(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}
