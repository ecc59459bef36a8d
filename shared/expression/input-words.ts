import type { ErrorObject } from 'ajv/dist/2020.js';
import { isMap } from '../kernel/is-map.ts';
import { MASK } from '../kernel/mask.ts';
import { shown } from '../kernel/shown.ts';
import { suggest } from '../kernel/suggest.ts';
import { maskedInputs } from './input-secrets.ts';

/** One input that does not fit. `path` begins with a dot or a bracket, and is empty for the inputs as a whole: `.lines[0].sku`. */
export interface InputProblem {
  path: string;
  message: string;
}

type Schema = Record<string, unknown> | boolean;

const MOST_NAMES = 20;

/** What the checker found, in words for whoever gave the inputs. What the schema calls a secret is not quoted. */
export function problemsOf(errors: ErrorObject[], schema: Schema, inputs: unknown): InputProblem[] {
  const masked = errors.length > 0 ? maskedInputs(schema, inputs) : inputs;
  return withoutEchoes(errors).map((error) => {
    const at = segmentsOf(error.instancePath);
    const value = valueAt(inputs, at);
    const isSecret = masked !== inputs && (valueAt(masked, at) === undefined || valueAt(masked, at) === MASK);
    return inWords(error, at, isSecret ? undefined : { value });
  });
}

/** Of several forms of which none fits, only that is told, and of `if` only what it led to. */
function withoutEchoes(errors: ErrorObject[]): ErrorObject[] {
  const forks = errors
    .filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf')
    .map(({ schemaPath }) => `${schemaPath}/`);
  return errors.filter(({ keyword, schemaPath }) => keyword !== 'if' && !forks.some((fork) => schemaPath.startsWith(fork)));
}

/** `quoted` is what was given; absent where nobody may see it. */
function inWords(
  { keyword, params, parentSchema = {}, message = 'does not fit' }: ErrorObject,
  at: string[],
  quoted: { value: unknown } | undefined,
): InputProblem {
  const missing: unknown = keyword === 'required' || keyword === 'dependentRequired' ? params['missingProperty'] : undefined;
  if (typeof missing === 'string')
    return { path: pathText([...at, missing]), message: isMissing(propertyIn(parentSchema, missing), params) };
  const stranger: unknown = params['additionalProperty'] ?? params['unevaluatedProperty'];
  if (typeof stranger === 'string') return { path: pathText([...at, stranger]), message: isUnknown(stranger, parentSchema) };
  const not = quoted === undefined ? '' : `, not ${shown(quoted.value)}`;
  return { path: pathText(at), message: `${ruleOf(keyword, params, parentSchema, quoted?.value) ?? message}${not}` };
}

function isMissing(schema: unknown, { property }: Record<string, unknown>): string {
  const because = typeof property === 'string' ? `, which ${JSON.stringify(property)} asks for` : '';
  const right = isMap(schema) ? rightValue(schema, undefined) : undefined;
  return `is missing${because}${right === undefined ? '' : `; it is ${right}`}`;
}

function isUnknown(name: string, schema: Record<string, unknown>): string {
  const known = Object.keys(isMap(schema['properties']) ? schema['properties'] : {});
  const near = suggest(name, known);
  if (near !== undefined) return `is not known, did you mean ${JSON.stringify(near)}?`;
  return known.length > 0
    ? `is not known; known are ${known.slice(0, MOST_NAMES).join(', ')}`
    : 'is not known, and nothing else is';
}

function ruleOf(
  keyword: string,
  params: Record<string, unknown>,
  schema: Record<string, unknown>,
  value: unknown,
): string | undefined {
  const { limit } = params;
  switch (keyword) {
    case 'type':
    case 'format':
      return `must be ${rightValue(schema, value)}`;
    case 'enum':
      return `must be one of ${[params['allowedValues']]
        .flat()
        .slice(0, MOST_NAMES)
        .map((one) => JSON.stringify(one))
        .join(', ')}`;
    case 'const':
      return `must be ${JSON.stringify(params['allowedValue'])}`;
    case 'pattern':
      return `must match the pattern ${params['pattern']}`;
    case 'minimum':
      return `must be ${limit} or more`;
    case 'maximum':
      return `must be ${limit} or less`;
    case 'exclusiveMinimum':
      return `must be more than ${limit}`;
    case 'exclusiveMaximum':
      return `must be less than ${limit}`;
    case 'multipleOf':
      return `must be a multiple of ${params['multipleOf']}`;
    case 'anyOf':
    case 'oneOf':
      return `must be in ${keyword === 'oneOf' ? 'exactly one' : 'one'} of the forms that the schema allows${formsIn(schema[keyword])}`;
    case 'minLength':
      return `must have ${limit} characters or more`;
    case 'maxLength':
      return `must have ${limit} characters or less`;
    case 'minItems':
    case 'minProperties':
      return `must have ${limit} entries or more`;
    case 'maxItems':
    case 'maxProperties':
      return `must have ${limit} entries or less`;
    case 'uniqueItems':
      return `must have no entry twice, such as those at ${params['j']} and ${params['i']}`;
    case 'false schema':
      return 'must not be there';
    default:
      return undefined;
  }
}

/** The forms of a schema, where each of them says what it is. */
function formsIn(forms: unknown): string {
  const words = Array.isArray(forms) ? forms.map((form) => (isMap(form) ? rightValue(form, undefined) : undefined)) : [];
  return words.length > 0 && words.every((word) => word !== undefined) ? ` (${[...new Set(words)].join('; ')})` : '';
}

const EXAMPLES: Record<string, string> = {
  date: '2030-01-31',
  time: '12:00:00Z',
  'date-time': '2030-01-31T12:00:00Z',
  duration: 'PT30M',
  email: 'ada@example.com',
  hostname: 'erp.example',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uri: 'https://erp.example/orders',
  uuid: '0b9d6e58-0e4f-4a5c-9d0e-5f3f3f0e8a11',
};

const NAMES: Record<string, string> = {
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  null: 'null',
};

/** What a schema asks for, with an example where it has one or `value` nearly is one; undefined when it does not say. */
function rightValue({ type, format, examples, enum: allowed }: Record<string, unknown>, value: unknown): string | undefined {
  if (Array.isArray(allowed))
    return `one of ${allowed
      .slice(0, MOST_NAMES)
      .map((one) => JSON.stringify(one))
      .join(', ')}`;
  const name =
    typeof format === 'string'
      ? `a text in the format ${format}`
      : [type]
          .flat()
          .flatMap((one) => NAMES[String(one)] ?? [])
          .join(' or ');
  if (name === '') return undefined;
  const [own] = Array.isArray(examples) ? examples : [];
  const example = own === undefined ? (EXAMPLES[String(format)] ?? nearly(type, value)) : JSON.stringify(own);
  return example === undefined ? name : `${name} such as ${example}`;
}

/** The same value as that type: `"5"` for a number is 5. */
function nearly(type: unknown, value: unknown): string | undefined {
  if (type === 'string') return ['number', 'boolean'].includes(typeof value) ? JSON.stringify(String(value)) : undefined;
  if (type === 'integer' || type === 'number')
    return typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? String(Number(value)) : undefined;
  return undefined;
}

function propertyIn({ properties }: Record<string, unknown>, name: string): unknown {
  return isMap(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
}

const segmentsOf = (pointer: string) =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

const pathText = (segments: string[]) => segments.map((part) => (/^[0-9]+$/.test(part) ? `[${part}]` : `.${part}`)).join('');

function valueAt(root: unknown, segments: string[]): unknown {
  return segments.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined,
    root,
  );
}
