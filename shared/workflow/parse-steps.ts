import * as z from 'zod';
import { isExactNumber } from '../kernel/json.ts';
import { MAX_NESTING, MAX_STEPS } from '../kernel/limits.ts';
import { suggest } from '../kernel/suggest.ts';
import type { Kind, Step } from '../step/kind.ts';
import { kinds } from '../step/registry.ts';
import { mayAsk } from './asks.ts';
import { checkConstants } from './check-constants.ts';
import { type Finding, unknownWord } from './diagnostic.ts';
import { common, STEP_ID } from './step-schema.ts';
import { FINDINGS, readAs } from './zod-findings.ts';

type RawStep = Record<string, unknown>;

/** Reads lists of steps, each step against the schema of its own kind, and keeps what it could read for the checks that follow. */
export class StepParser {
  /** Every step that was found, in the author's form, with what could be read of it. */
  readonly found = new Map<object, Step>();
  /** Keys and kinds seen. */
  count = 0;
  readonly #lists: z.ZodType<Step[]>;
  readonly #common;
  #depth = 0;

  constructor() {
    this.#lists = z.unknown().transform((raw, context): Step[] => {
      const { steps, findings } = this.parse(raw);
      if (findings.length > 0) context.addIssue({ code: 'custom', params: { [FINDINGS]: findings } });
      return steps;
    });
    this.#common = common(this.#lists);
  }

  /** The steps that could be read, and what is wrong with the list. Paths begin at the list. */
  parse(raw: unknown): { steps: Step[]; findings: Finding[] } {
    if (!Array.isArray(raw))
      return { steps: [], findings: [{ at: [], message: raw === undefined ? 'is missing' : 'must be a list of steps' }] };
    if (raw.length === 0) return { steps: [], findings: [{ at: [], message: 'needs at least one step' }] };
    const before = this.count;
    this.count += raw.length;
    if (this.count > MAX_STEPS)
      return before > MAX_STEPS ? { steps: [], findings: [] } : { steps: [], findings: [this.#tooMany()] };
    if (this.#depth === MAX_NESTING)
      return { steps: [], findings: [{ at: [], message: `steps nest deeper than ${MAX_NESTING} levels` }] };
    this.#depth += 1;
    const parsed = raw.map((item, index) => this.#step(item, index));
    this.#depth -= 1;
    return { steps: parsed.flatMap(({ step }) => step ?? []), findings: parsed.flatMap(({ findings }) => findings) };
  }

  #tooMany(): Finding {
    return { at: [], message: `more than ${MAX_STEPS} steps, nested ones counted: at least ${this.count}` };
  }

  #step(raw: unknown, index: number): { step?: Step; findings: Finding[] } {
    if (!isMap(raw)) return { findings: [{ at: [index], message: 'a step must be a map with an id and a kind' }] };
    const findings: Finding[] = [];
    const add = (found: Finding[], ...path: PropertyKey[]) => {
      for (const { at, mark, ...rest } of found) {
        findings.push({ ...rest, at: [index, ...path, ...at], ...(mark && { mark: [index, ...path, ...mark] }) });
      }
    };
    const named = kindNamed(raw, this.#common);
    add(named.findings);
    const { kind } = named;
    const read: Record<string, unknown> = {};
    for (const [key, schema] of Object.entries(this.#common)) {
      const { value, findings: wrong } = readAs<unknown>(schema, raw[key]);
      add(wrong, key);
      read[key] = value;
    }
    if (kind) add(misplaced(raw, kind));
    const spec = kind && readAs(kind.shape === 'group' ? kind.schema(this.#lists) : kind.schema, raw[kind.name]);
    if (kind && spec) add(spec.value === undefined ? spec.findings : checkConstants(kind, spec.value), kind.name);
    if (typeof raw['id'] !== 'string' || !STEP_ID.test(raw['id'])) return { findings };
    const step = stepFrom(raw['id'], kind, spec?.value ?? (kind?.shape === 'group' ? undefined : raw[kind?.name ?? '']), read);
    this.found.set(raw, step);
    return { step, findings };
  }
}

export function isMap(value: unknown): value is RawStep {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isExactNumber(value);
}

// Each key has been parsed by its own schema in `common`; this is the one place where they come together again.
function stepFrom(id: string, kind: Kind | undefined, spec: unknown, read: Record<string, unknown>): Step {
  const parts = readParts.parse(read);
  return { ...parts, id, kind: kind?.name ?? '', spec, repeatable: parts.repeatable ?? isRepeatable(kind) };
}

const isRepeatable = (kind: Kind | undefined) => (kind?.shape === 'leaf' ? (kind.repeatable ?? true) : true);

const readParts = z.object({
  title: z.string().optional(),
  needs: z.array(z.string()).optional(),
  if: z.unknown().optional(),
  output: z.unknown().optional(),
  timeout: z.string().optional(),
  retry: z.custom<Step['retry']>().optional(),
  catch: z.custom<Step['catch']>().optional(),
  onError: z.custom<Step['onError']>().optional(),
  repeatable: z.boolean().optional(),
});

/** The kind whose key the step has; findings if it has none, several, or keys that nobody knows. */
function kindNamed(raw: RawStep, beside: Record<string, unknown>): { kind?: Kind; findings: Finding[] } {
  const keys = Object.keys(raw);
  const [first, ...more] = keys.filter((key) => kinds.has(key));
  const strange = keys.filter((key) => !kinds.has(key) && !Object.hasOwn(beside, key));
  const kind = first === undefined ? undefined : kinds.get(first);
  const known = kind ? Object.keys(beside) : [...Object.keys(beside), ...kinds.keys()];
  const findings: Finding[] = strange.map((key) => ({ at: [], mark: [key], ...unknownWord('unknown key', key, known) }));
  if (more.length > 0)
    findings.push({ at: [], message: `has ${1 + more.length} kinds, ${[first, ...more].join(' and ')}; a step has exactly one` });
  // A misspelt kind has been named already.
  const misspelt = strange.some((key) => suggest(key, kinds.keys()) !== undefined);
  if (!kind && !misspelt) findings.push({ at: [], message: `has no kind; it needs one of ${[...kinds.keys()].join(', ')}` });
  return kind ? { kind, findings } : { findings };
}

function misplaced(raw: RawStep, kind: Kind): Finding[] {
  const findings: Finding[] = [];
  if ('timeout' in raw && kind.shape !== 'leaf')
    findings.push({
      at: ['timeout'],
      message:
        kind.shape === 'ask'
          ? `${kind.name} takes no timeout; say expires`
          : `${kind.name} takes no timeout; give it to ${kind.shape === 'group' ? 'the steps inside or to ' : ''}the whole run`,
    });
  if ('onError' in raw && !mayAsk(kind))
    findings.push({
      at: ['onError'],
      message: `${kind.name} takes no onError; ${kind.shape === 'group' ? 'give it to the steps inside' : 'catch what it fails with'}`,
    });
  if ('output' in raw && kind.name === 'raise') findings.push({ at: ['output'], message: 'raise has no output' });
  return findings;
}
