import { BUILTINS } from '../expression/builtins.ts';
import { type PlainName, plainNamesOf } from '../expression/plain-names.ts';
import type { Reference } from '../expression/references.ts';
import { suggest } from '../kernel/suggest.ts';
import type { Step } from '../step/kind.ts';
import { kinds } from '../step/registry.ts';
import { type Finding, unknownWord } from './diagnostic.ts';
import type { Plan, PlannedStep } from './plan.ts';
import { strayName } from './schema-names.ts';
import type { Site } from './sites.ts';

/** Something to say of what an expression reads; the place is that of the text. */
export type Objection = Omit<Finding, 'at' | 'mark'>;

const RUN_NAMES = ['id', 'name', 'reference', 'startedAt', 'trigger'];
const ERROR_NAMES = ['name', 'message', 'step'];
const MOST_NAMES = 20;
/** Files of a start join the inputs whatever the schema says. */
const ALWAYS_THERE = 'files';

/** What is wrong with reading names of something that may be read: they are never there, or hardly. */
export function strayRead({ name, stepId, names, asked }: Reference, { document, steps }: Plan): Objection | undefined {
  if (stepId !== undefined) return strayResult(stepId, names, asked, steps.get(stepId)?.step);
  if (name === 'input') return strayInput(document.input, names);
  const [first] = names;
  const known = { run: RUN_NAMES, error: ERROR_NAMES }[name];
  return known && first !== undefined && !known.includes(first) ? neverThere(`$${name}`, first, known) : undefined;
}

function strayInput(schema: unknown, names: string[]): Objection | undefined {
  if (names[0] === ALWAYS_THERE) return undefined;
  const stray = strayName(schema, names);
  if (!stray) return undefined;
  const before = ['$input', ...names].slice(0, stray.path.split('.').length).join('.');
  const name = stray.path.split('.').at(-1) ?? '';
  if (stray.closed) return neverThere(before, name, stray.known);
  const message = `the input schema names no ${JSON.stringify(stray.path)}, did you mean ${JSON.stringify(stray.suggestion)}? Name it under properties if not`;
  return { message, suggestion: stray.suggestion, severity: 'warning' };
}

function strayResult(id: string, names: string[], asked: true | undefined, step: Step | undefined): Objection | undefined {
  const known = step && step.output === undefined && !step.catch ? namesInResult(step) : undefined;
  const [first] = names;
  if (first !== undefined && known && !known.includes(first))
    return { message: notInResult(names, `$steps.${id}`, known), severity: 'warning' };
  const isNull = first === undefined || (step?.kind === 'set' && names.length === 1 && known !== undefined);
  if (!asked || !isNull) return undefined;
  const read = ['$steps', id, ...names].join('.');
  return {
    message: `$exists(${read}) is always true, since what is not there is null here; write $present(${read})`,
    severity: 'warning',
  };
}

function neverThere(where: string, name: string, known: readonly string[]): Objection {
  const { message, suggestion } = unknownWord(`${where} never has`, name, known);
  const has = known.length > 0 ? `it has ${known.slice(0, MOST_NAMES).join(', ')}` : 'it has no names';
  return suggestion === undefined ? { message: `${message}; ${has}` } : { message, suggestion };
}

/** The only names that the full result of a step can have; undefined where it can have any. */
function namesInResult({ kind: name, spec }: Step): readonly string[] | undefined {
  const kind = kinds.get(name);
  return spec !== undefined && kind && 'resultNames' in kind ? kind.resultNames?.(spec) : undefined;
}

/** What is wrong with the names that the expressions of a text read without `$`. */
export function checkPlainNames(
  site: Site,
  reader: PlannedStep | null,
  variables: Iterable<string>,
): (Objection & { position: number })[] {
  const { read, called, hyphens } = plainNamesOf(site.text);
  const late = reader ? lateNames(site, reader.step) : undefined;
  const isOutput = late !== undefined || (reader !== null && site.field === 'output');
  const known = late ?? (isOutput && reader ? namesInResult(reader.step) : []);
  const withDollar = new Set([...variables, 'steps']);
  const strays = read.flatMap((plain) => {
    if (isOutput && (!known || known.includes(plain.name) || /^[$*]/.test(plain.name))) return [];
    const message = withDollar.has(plain.name)
      ? `"${plain.path}" is read without "$"; write $${plain.path}`
      : isOutput
        ? notInResult(plain.path.split('.'), 'the result', known ?? [])
        : fromNothing(plain);
    return [{ message, position: plain.position, ...(isOutput && { severity: 'warning' as const }) }];
  });
  const subtractions = hyphens.map(({ path, position, outside }) => ({
    message: `"${path.replaceAll('`', '')}" subtracts one name from another; for one name with a hyphen in it write ${path}, for a subtraction put spaces around the hyphen`,
    position,
    ...((isOutput || !outside) && { severity: 'warning' as const }),
  }));
  const calls = called.map(({ name, position }) => ({
    message: `the function ${name}() is called without "$"; write $${name}()`,
    position,
  }));
  return [...strays, ...subtractions, ...calls];
}

/** The names that a part of a step's form knows which the kind evaluates itself. */
function lateNames({ at, field }: Site, { kind: name }: Step): readonly string[] | undefined {
  const kind = kinds.get(name);
  if (field !== name || kind?.shape !== 'leaf') return undefined;
  return kind.late?.[String(at[at.lastIndexOf(name) + 1])];
}

/** What an answer holds is most likely meant to be in its body. */
function notInResult(names: string[], read: string, known: readonly string[]): string {
  const [name = ''] = names;
  const near = suggest(name, known) ?? (known.includes('body') ? ['body', ...names].join('.') : undefined);
  const hint = near === undefined ? '' : `, did you mean "${near}"?`;
  return `${read} has ${known.length > 0 ? known.slice(0, MOST_NAMES).join(', ') : 'no names'}, and never "${name}"${hint}`;
}

function fromNothing({ name, path }: PlainName): string {
  const only = 'the result of a step, which only the output of that step can read';
  if (/^[$*]/.test(name)) return `${name} is ${only}`;
  return `"${path}" without "$" is a name in ${only}; write $input.${path} for an input, ${JSON.stringify(path)} in quotes for a text`;
}

const VARIABLE = /^\s*\$([A-Za-z]\w*)(?=(\s*$|[.[])|\()/;

/** A text that was meant to be an expression. */
export function missingBraces(text: string, variables: Iterable<string>): Objection | undefined {
  const [, name = '', read] = VARIABLE.exec(text) ?? [];
  const isKnown = read === undefined ? BUILTINS.has(name) : [...variables, 'steps'].includes(name);
  if (!isKnown) return undefined;
  return { message: `is the text ${JSON.stringify(text.trim())}; for its value write \${ ${text.trim()} }`, severity: 'warning' };
}
