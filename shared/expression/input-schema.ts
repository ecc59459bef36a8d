import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { RE2JS } from 're2js';
import { type InputProblem, problemsOf } from './input-words.ts';
import { standIns } from './stand-ins.ts';
import { within } from './watchdog.ts';

export type Schema = Record<string, unknown> | boolean;

const MAX_CACHED = 100;
const MAX_CHECK_MS = 2_000;
const MAX_PROBLEMS = 200;
/** Far below a second. */
const MAX_TAME_STEPS = 5_000_000;
/** To compile more takes longer than the check. */
const MAX_TAME_RULES = 10_000;
/** References may multiply each other, unique items are compared each with each, patterns count characters a thousand times over. */
const UNBOUNDED = /"(\$\w*[rR]ef|uniqueItems|format|pattern|patternProperties)"/;
const cache = new Map<string, ValidateFunction>();

export interface CheckedInputs {
  /** With the defaults of the schema filled in. */
  inputs: unknown;
  problems: InputProblem[];
}

/** Fills in the defaults of the schema and says what does not fit; a check that is not tame is watched. */
export function fitInputs(schema: Schema, inputs: unknown): CheckedInputs {
  const { copy: completed, back } = standIns(inputs);
  try {
    const validate = isTame(schema, inputs) ? run : watched;
    const errors = validate(() => {
      const check = inputValidator(schema);
      return check(completed) ? [] : (check.errors ?? []);
    });
    return { inputs: back(completed), problems: problemsOf(errors.slice(0, MAX_PROBLEMS), schema, inputs) };
  } catch (error) {
    return { inputs, problems: [error instanceof RangeError ? ENDLESS : TOO_LONG] };
  }
}

const run = <T>(check: () => T): T => check();
const watched = <T>(check: () => T): T => within(MAX_CHECK_MS, check);

/** A schema can refer to itself without end, or compare every item with every other. */
const ENDLESS: InputProblem = { path: '', message: 'cannot be checked: the input schema refers to itself without end' };
export const TOO_LONG: InputProblem = {
  path: '',
  message: `cannot be checked within ${MAX_CHECK_MS / 1000} s; simplify the input schema (uniqueItems) or send less`,
};

/** Whether the check takes few steps: no more than schema times inputs. */
export function isTame(schema: Schema, inputs: unknown): boolean {
  const [rules, given] = [JSON.stringify(schema), JSON.stringify(inputs) ?? ''];
  return rules.length < MAX_TAME_RULES && rules.length * given.length < MAX_TAME_STEPS && !UNBOUNDED.test(rules);
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
  const ajv = new Ajv2020({
    allErrors: true,
    // With what the schema asks for beside the keyword that failed.
    verbose: true,
    strict: false,
    // Written out at every reference, a part of 40 KB referred to a thousand times takes all memory.
    inlineRefs: false,
    useDefaults: true,
    logger: false,
    code: { regExp: linearPattern },
  });
  // It says nothing about what fits: see input-secrets.ts.
  ajv.addKeyword({ keyword: 'secret', schemaType: 'boolean' });
  addFormats.default(ajv);
  const validate = ajv.compile(schema);
  if ('$async' in validate) throw new Error('$async is not part of JSON Schema');
  return validate;
}
