import * as z from 'zod';
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
      return undefined;
    },
  });
  if (result.success) return { value: result.data, findings: [] };
  return { findings: result.error.issues.flatMap((issue) => findingsOf(issue, keysOf, value)) };
}

function findingsOf(issue: z.core.$ZodIssue, keysOf: Map<unknown, string[]>, root: unknown): Finding[] {
  const at = issue.path;
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        at,
        mark: [...at, key],
        ...unknownWord('unknown key', key, keysOf.get(issue.keys) ?? []),
      }));
    case 'invalid_type':
      return [{ at, message: valueAt(root, at) === undefined ? 'is missing' : `must be ${article(issue.expected)}` }];
    case 'invalid_value':
      return [{ at, message: `must be ${oneOf(issue.values)}`, ...suggestionFor(valueAt(root, at), issue.values) }];
    case 'invalid_key':
      return [{ at, message: issue.issues[0]?.message ?? 'is not a name that may stand here' }];
    case 'invalid_union':
      return fromUnion(issue, keysOf, root);
    case 'too_big':
      return [{ at, message: bound(issue.origin, `at most ${issue.maximum}`, issue.message) }];
    case 'too_small':
      return [{ at, message: bound(issue.origin, `at least ${issue.minimum}`, issue.message) }];
    case 'custom':
      return carried(issue) ?? [{ at, message: issue.message }];
    default:
      return [{ at, message: issue.message.replace(/^Invalid input: /, '').replace(/^./, (first) => first.toLowerCase()) }];
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
  if (!nearest || !structured)
    return [
      { at: issue.path, message: issue.message === 'Invalid input' ? 'has none of the forms allowed here' : issue.message },
    ];
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

function valueAt(root: unknown, path: PropertyKey[]): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

/** Words for a limit; those of the schema where it has some. */
function bound(origin: string, limit: string, said: string): string {
  if (!/^Too (big|small): /.test(said)) return said;
  const unit = origin === 'string' ? ' characters' : ['array', 'set', 'object', 'map'].includes(origin) ? ' entries' : '';
  return unit === '' ? `must be ${limit}` : `must have ${limit}${unit}`;
}

function article(expected: string): string {
  const words: Record<string, string> = {
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
