import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { RE2JS } from 're2js';
import type { Document } from './document.ts';
import { standIns } from './stand-ins.ts';
import { within } from './watchdog.ts';

/** One input that does not fit. `path` begins with a dot or a bracket, and is empty for the inputs as a whole: `.lines[0].sku`. */
export interface InputProblem {
  path: string;
  message: string;
}

type Schema = Record<string, unknown> | boolean;

const MAX_CACHED = 100;
const MAX_CHECK_MS = 2_000;
const MAX_PROBLEMS = 200;
/** Far below a second. */
const MAX_TAME_STEPS = 5_000_000;
/** References may multiply each other, unique items are compared each with each, the patterns of formats are not ours. */
const UNBOUNDED = /"(\$\w*[rR]ef|uniqueItems|format)"/;
const cache = new Map<string, ValidateFunction>();

/** The inputs with the defaults of the schema filled in, and what does not fit. */
export function checkInputs(document: Document, inputs: unknown): { inputs: unknown; problems: InputProblem[] } {
  if (document.input === undefined) return { inputs, problems: [] };
  const validate = inputValidator(document.input);
  const { copy, back } = standIns(inputs);
  const problem = endless(() => validate(copy), isTame(document.input, inputs));
  if (problem !== undefined) return { inputs, problems: [{ path: '', message: problem }] };
  const problems = (validate.errors ?? []).slice(0, MAX_PROBLEMS).map(problemOf);
  return { inputs: back(copy), problems };
}

/** The check takes no more steps than schema times inputs, and those are few. It then goes without the watchdog, which is a thread each time. */
function isTame(schema: Schema, inputs: unknown): boolean {
  const [rules, given] = [JSON.stringify(schema), JSON.stringify(inputs) ?? ''];
  return rules.length * given.length < MAX_TAME_STEPS && !UNBOUNDED.test(rules);
}

/** A schema can refer to itself without end, or compare every item with every other. */
function endless(validate: () => unknown, tame: boolean): string | undefined {
  try {
    if (tame) validate();
    else within(MAX_CHECK_MS, validate);
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return 'cannot be checked: the input schema refers to itself without end';
    return `cannot be checked within ${MAX_CHECK_MS / 1000} s; simplify the input schema (uniqueItems) or send less`;
  }
}

/** Compiles a JSON Schema 2020-12, once. Throws for one that is not valid or that points elsewhere. */
function inputValidator(schema: Schema): ValidateFunction {
  const key = JSON.stringify(schema);
  const known = cache.get(key);
  if (known) return known;
  // As doubles, which is what the checker knows.
  const fresh = compile(JSON.parse(key));
  cache.set(key, fresh);
  const [oldest] = cache.keys();
  if (cache.size > MAX_CACHED && oldest !== undefined) cache.delete(oldest);
  return fresh;
}

/** Why a JSON Schema cannot be used; undefined if it can. */
export function schemaProblem(schema: Schema): string | undefined {
  try {
    inputValidator(schema);
    return undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (reason.includes('no schema with key or ref')) return 'only JSON Schema 2020-12 is understood; leave $schema out';
    const remote = /can't resolve reference (\S+)/.exec(reason);
    return remote ? `$ref ${remote[1]} leads out of the document; write the schema out or refer to #/$defs/...` : reason;
  }
}

// Patterns of authors must not hang the worker.
const linearPattern = Object.assign((pattern: string) => RE2JS.compile(RE2JS.translateRegExp(pattern)), {
  code: 'linearPattern',
});

// A fresh instance each time: schemas of different documents may share an $id.
function compile(schema: Schema): ValidateFunction {
  const ajv = new Ajv2020({ allErrors: true, strict: false, useDefaults: true, logger: false, code: { regExp: linearPattern } });
  addFormats.default(ajv);
  const validate = ajv.compile(schema);
  if ('$async' in validate) throw new Error('$async is not part of JSON Schema');
  return validate;
}

function problemOf({ instancePath, message = 'does not fit', keyword, params }: ErrorObject): InputProblem {
  const path = instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^[0-9]+$/.test(part) ? `[${part}]` : `.${part}`))
    .join('');
  if (keyword === 'additionalProperties') return { path, message: `${message}: ${params['additionalProperty']}` };
  if (keyword === 'enum')
    return { path, message: `${message}: ${params['allowedValues'].map((value: unknown) => JSON.stringify(value)).join(', ')}` };
  return { path, message };
}
