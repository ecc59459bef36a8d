import * as z from 'zod';
import { shown } from '../kernel/shown.ts';
import { type Finding, unknownWord } from './diagnostic.ts';

/** What a schema makes of a value: the parsed form, or what is wrong in words for the author. */
export type Reading<T> = { value: T; findings: [] } | { value?: undefined; findings: Finding[] };

/** Key under which a custom issue carries findings that are already in words. */
export const FINDINGS = 'findings';

/** Parses, and words every issue against this schema alone. */
export function readAs<T>(schema: z.ZodType<T>, value: unknown): Reading<T> {
  const keysOf = new Map<unknown, string[]>();
  const result = schema.safeParse(value, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys' && issue.inst instanceof z.ZodObject)
        keysOf.set(issue.keys, Object.keys(issue.inst.shape));
      return issue.code === 'invalid_type' ? typeRule(issue) : undefined;
    },
  });
  if (result.success) return { value: result.data, findings: [] };
  return {
    findings: withoutMisspelt(
      result.error.issues.flatMap((issue) => findingsOf(issue, keysOf, value)),
      value,
    ),
  };
}

/** A key that is there under a misspelt name is not missing as well. */
function withoutMisspelt(findings: Finding[], root: unknown): Finding[] {
  const meant = new Set(
    findings.flatMap(({ at, suggestion }) => (suggestion === undefined ? [] : pathText([...at, suggestion]))),
  );
  return findings.filter(({ at }) => !meant.has(pathText(at)) || valueAt(root, at) !== undefined);
}

const pathText = (path: PropertyKey[]) => JSON.stringify(path);

function findingsOf(issue: z.core.$ZodIssue, keysOf: Map<unknown, string[]>, root: unknown): Finding[] {
  const at = issue.path;
  const told = (rule: string) => `${rule}, not ${shown(valueAt(root, at))}`;
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        at,
        mark: [...at, key],
        ...unknownWord('unknown key', key, keysOf.get(issue.keys) ?? []),
      }));
    case 'invalid_type':
      return [{ at, message: valueAt(root, at) === undefined ? 'is missing' : told(issue.message) }];
    case 'invalid_value':
      return [{ at, message: told(`must be ${oneOf(issue.values)}`), ...suggestionFor(valueAt(root, at), issue.values) }];
    case 'invalid_key':
      return [{ at, message: issue.issues[0]?.message ?? 'is not a name that may stand here' }];
    case 'invalid_union':
      return fromUnion(issue, keysOf, root);
    case 'too_big':
      return [{ at, message: bound(`at most ${issue.maximum}`, issue.message, valueAt(root, at)) }];
    case 'too_small':
      return [{ at, message: bound(`at least ${issue.minimum}`, issue.message, valueAt(root, at)) }];
    case 'custom':
      return carried(issue) ?? [{ at, message: issue.message }];
    default:
      return [{ at, message: told(issue.message.replace(/^Invalid input: /, '').replace(/^./, (first) => first.toLowerCase())) }];
  }
}

/** Of the forms that a union allows, the one that the author most likely meant. */
function fromUnion(issue: z.core.$ZodIssueInvalidUnion, keysOf: Map<unknown, string[]>, root: unknown): Finding[] {
  if (valueAt(root, issue.path) === undefined) return [{ at: issue.path, message: 'is missing' }];
  const near = issue.errors
    .filter((issues) => !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0))
    .sort((a, b) => strangeness(a) - strangeness(b));
  const [nearest] = near;
  const structured = nearest?.some(({ path, code }) => path.length > 0 || code === 'unrecognized_keys');
  if (!nearest || !structured) {
    const rule = issue.message === 'Invalid input' ? 'has none of the forms allowed here' : issue.message;
    return [{ at: issue.path, message: `${rule}, not ${shown(valueAt(root, issue.path))}` }];
  }
  return nearest.flatMap((inner) => findingsOf({ ...inner, path: [...issue.path, ...inner.path] }, keysOf, root));
}

function strangeness(issues: z.core.$ZodIssue[]): number {
  return issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? 2 * issue.keys.length : 1), 0);
}

function carried(issue: z.core.$ZodIssueCustom): Finding[] | undefined {
  const findings: unknown = issue.params?.[FINDINGS];
  if (!Array.isArray(findings)) return undefined;
  return findings.map((finding: Finding) => ({
    ...finding,
    at: [...issue.path, ...finding.at],
    ...(finding.mark && { mark: [...issue.path, ...finding.mark] }),
  }));
}

export function valueAt(root: unknown, path: PropertyKey[]): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

/** Words for a limit; those of the schema where it has some. */
function bound(limit: string, said: string, value: unknown): string {
  if (!/^Too (big|small): /.test(said)) return said;
  if (typeof value === 'string') return `must have ${limit} characters, not ${value.length}`;
  if (Array.isArray(value)) return `must have ${limit} entries, not ${value.length}`;
  return `must be ${limit}, not ${shown(value)}`;
}

/** What kind of value stands here, with one that would be right. */
function typeRule({ expected, input, inst }: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidType>): string {
  if (inst instanceof z.ZodObject) return `must be a map with ${requiredIn(inst).join(' and ')}`;
  const known = inst instanceof z.ZodType ? z.globalRegistry.get(inst)?.['examples'] : undefined;
  const [example] = Array.isArray(known) ? known : [likely(expected, input)];
  const rule = `must be ${article(expected)}`;
  return example === undefined ? rule : `${rule} such as ${typeof example === 'string' ? example : JSON.stringify(example)}`;
}

function requiredIn({ shape }: z.ZodObject): string[] {
  const keys = Object.entries(shape);
  const required = keys.filter(([, value]) => !value.safeParse(undefined).success);
  return (required.length > 0 ? required : keys).map(([key]) => key);
}

/** What the author most likely meant, as it is written. */
function likely(expected: string, input: unknown): string | undefined {
  const isScalar = ['string', 'number', 'boolean'].includes(typeof input);
  if (expected === 'string') return isScalar ? JSON.stringify(String(input)) : undefined;
  if (expected === 'record' || expected === 'object') return '{name: value}';
  if (expected === 'array') return isScalar ? `[${input}]` : undefined;
  if (expected === 'number' || expected === 'int')
    return Number.isFinite(Number(input)) ? String(Math.round(Number(input))) : undefined;
  return undefined;
}

function article(expected: string): string {
  const words: Record<string, string> = {
    string: 'a text',
    array: 'a list',
    object: 'a map',
    record: 'a map',
    int: 'a whole number',
    boolean: 'true or false',
  };
  return words[expected] ?? `a ${expected}`;
}

function oneOf(values: readonly unknown[]): string {
  return values.length === 1 ? JSON.stringify(values[0]) : `one of ${values.map((value) => JSON.stringify(value)).join(', ')}`;
}

function suggestionFor(value: unknown, values: readonly unknown[]): { suggestion?: string } {
  const words = values.filter((candidate) => typeof candidate === 'string');
  if (typeof value !== 'string') return {};
  const { suggestion } = unknownWord('', value, words);
  return suggestion === undefined ? {} : { suggestion };
}
