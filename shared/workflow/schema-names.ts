import { isMap } from '../kernel/is-map.ts';
import { suggest } from '../kernel/suggest.ts';

type Schema = Record<string, unknown>;

/** A name that a schema does not know. */
export interface Stray {
  /** The names up to it: `order.idd`. */
  path: string;
  /** The schema lets nothing stand there under any other name. */
  closed: boolean;
  known: string[];
  suggestion: string | undefined;
}

/** With one of these, a value may have names that stand elsewhere. */
const MORE = ['$ref', '$dynamicRef', 'allOf', 'anyOf', 'oneOf', 'if', 'dependentSchemas', 'patternProperties'];

/**
 * The first of these names, each read from the one before, that is never there, or that is most likely misspelt. Says nothing where the
 * schema leaves it open. Lists are looked into, as expressions do.
 */
export function strayName(schema: unknown, names: string[]): Stray | undefined {
  let at = schema;
  for (const [index, name] of names.entries()) {
    at = itemOf(at);
    if (!isMap(at)) return undefined;
    const properties = isMap(at['properties']) ? at['properties'] : {};
    if (!Object.hasOwn(properties, name)) return strayIn(at, properties, names.slice(0, index + 1));
    at = properties[name];
  }
  return undefined;
}

function strayIn(schema: Schema, properties: Schema, names: string[]): Stray | undefined {
  const name = names.at(-1) ?? '';
  // Inputs are an object whatever the schema says; below, only one that must be an object has no other names.
  const isObject = names.length === 1 || schema['type'] === 'object';
  const closed = isObject && isClosed(schema);
  const known = keysOf(properties);
  const suggestion = suggest(name, known);
  const isOpen = MORE.some((key) => key in schema) || 'additionalProperties' in schema || 'unevaluatedProperties' in schema;
  if (!closed && (isOpen || suggestion === undefined)) return undefined;
  return { path: names.join('.'), closed, known, suggestion };
}

// A schema may have thousands, and be read as often.
const keys = new WeakMap<object, string[]>();

function keysOf(properties: Schema): string[] {
  const known = keys.get(properties) ?? Object.keys(properties);
  keys.set(properties, known);
  return known;
}

function isClosed(schema: Schema): boolean {
  if (schema['additionalProperties'] === false) return !('patternProperties' in schema);
  return schema['unevaluatedProperties'] === false && !('additionalProperties' in schema) && !MORE.some((key) => key in schema);
}

function itemOf(schema: unknown): unknown {
  let at = schema;
  while (isMap(at) && at['type'] === 'array' && !('prefixItems' in at)) at = at['items'];
  return at;
}
