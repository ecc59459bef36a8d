import { type ExactNumber, isExactNumber } from './json.ts';

/** Whether an event is one that a pattern means. */
export type Matches = (event: unknown) => boolean;

/** Why a pattern cannot be used. */
export class PatternRefused extends Error {
  override name = 'PatternRefused';
}

const MOST_LEVELS = 10;

/**
 * Event patterns as EventBridge has them: a field lists what it may be, all fields of a pattern must hold, and of a list in an event one item is enough. Throws
 * `PatternRefused`, which names the place, for what is not served here: `$or`, `wildcard`, `cidr`.
 */
export const eventPattern = (pattern: unknown): Matches => fieldsOf(pattern, []);

type Path = readonly string[];

function fieldsOf(pattern: unknown, path: Path): Matches {
  if (!isObject(pattern) || Object.keys(pattern).length === 0) refuse(path, 'must be an object with a field at least');
  if (path.length > MOST_LEVELS) refuse(path, `is nested deeper than ${MOST_LEVELS} levels`);
  const fields = Object.entries(pattern).map(([name, wanted]) => {
    const at = [...path, name];
    if (name === '$or') refuse(at, 'is not served; make a rule for each alternative');
    const matches = Array.isArray(wanted) ? alternativesOf(wanted, at) : fieldsOf(wanted, at);
    return (value: unknown) => matches(isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined);
  });
  const allHold = (value: unknown) => fields.every((holds) => holds(value));
  // Of a list of objects one has to have it all; of an empty one there is nothing.
  return (value) => (Array.isArray(value) && value.length > 0 ? value.some(allHold) : allHold(value));
}

type Leaves = readonly unknown[];
type Holds = (leaves: Leaves) => boolean;

function alternativesOf(wanted: readonly unknown[], path: Path): Matches {
  if (wanted.length === 0) refuse(path, 'lists nothing that it may be');
  const alternatives = wanted.map((one) => alternativeOf(one, path));
  return (value) => {
    const leaves = leavesOf(value);
    return alternatives.some((holds) => holds(leaves));
  };
}

/** Of a list every item; an object is no value. */
const leavesOf = (value: unknown): Leaves =>
  Array.isArray(value) ? value.flatMap(leavesOf) : value === undefined || isObject(value) ? [] : [value];

function alternativeOf(wanted: unknown, path: Path): Holds {
  if (isScalar(wanted)) return (leaves) => leaves.includes(wanted);
  const [[name, argument] = ['', undefined], ...more] = isObject(wanted) ? Object.entries(wanted) : [];
  if (more.length > 0 || name === '') refuse(path, 'lists values, and objects with one operator each');
  const operator = OPERATORS[name];
  if (!operator || !Object.hasOwn(OPERATORS, name))
    refuse(path, `has the operator "${name}"; served are ${Object.keys(OPERATORS).join(', ')}`);
  return operator(argument, [...path, name]);
}

type Operator = (argument: unknown, path: Path) => Holds;

/** Holds for a text that does. */
const ofText =
  (test: (leaf: string, argument: string) => boolean): Operator =>
  (argument, path) => {
    if (typeof argument !== 'string') refuse(path, 'must be a text');
    return (leaves) => leaves.some((leaf) => typeof leaf === 'string' && test(leaf, argument));
  };

const WITHIN_TEXT: Record<string, Operator> = {
  prefix: ofText((leaf, text) => leaf.startsWith(text)),
  suffix: ofText((leaf, text) => leaf.endsWith(text)),
  'equals-ignore-case': ofText((leaf, text) => leaf.toLowerCase() === text.toLowerCase()),
};

const OPERATORS: Record<string, Operator> = {
  ...WITHIN_TEXT,
  'anything-but': (argument, path) => {
    const isOther = isObject(argument) ? otherThan(argument, path) : otherThanAny([argument].flat(), path);
    return (leaves) => leaves.some(isOther);
  },
  exists: (argument, path) => {
    if (typeof argument !== 'boolean') refuse(path, 'must be true or false');
    return (leaves) => leaves.length > 0 === argument;
  },
  numeric: (argument, path) => {
    const bounds = boundsOf(argument, path);
    return (leaves) => leaves.some((leaf) => isNumber(leaf) && bounds.every((holds) => holds(Number(String(leaf)))));
  },
};

function otherThan(argument: Record<string, unknown>, path: Path): (leaf: unknown) => boolean {
  const holds = alternativeOf(argument, path);
  const [name = ''] = Object.keys(argument);
  if (!Object.hasOwn(WITHIN_TEXT, name))
    refuse(path, `may be a value, a list of values, or one of ${Object.keys(WITHIN_TEXT).join(', ')}`);
  return (leaf) => !holds([leaf]);
}

function otherThanAny(values: readonly unknown[], path: Path): (leaf: unknown) => boolean {
  const areValues = values.every((one) => typeof one === 'string' || isNumber(one));
  if (values.length === 0 || !areValues) refuse(path, 'must be a text, a number, or a list of them');
  return (leaf) => !values.some((one) => one === leaf);
}

const COMPARED: Record<string, (leaf: number, bound: number) => boolean> = {
  '=': (leaf, bound) => leaf === bound,
  '<': (leaf, bound) => leaf < bound,
  '<=': (leaf, bound) => leaf <= bound,
  '>': (leaf, bound) => leaf > bound,
  '>=': (leaf, bound) => leaf >= bound,
};

/** `[">", 0, "<=", 5]` */
function boundsOf(argument: unknown, path: Path): ((leaf: number) => boolean)[] {
  const says = 'must be a list such as [">", 0, "<=", 5]';
  if (!Array.isArray(argument) || ![2, 4].includes(argument.length)) refuse(path, says);
  return Array.from({ length: argument.length / 2 }, (_, at) => {
    const [word, bound]: unknown[] = argument.slice(2 * at, 2 * at + 2);
    const compare = typeof word === 'string' && Object.hasOwn(COMPARED, word) ? COMPARED[word] : undefined;
    if (!compare || !isNumber(bound)) refuse(path, says);
    const limit = Number(String(bound));
    return (leaf) => compare(leaf, limit);
  });
}

const isNumber = (value: unknown): value is number | ExactNumber => typeof value === 'number' || isExactNumber(value);
const isScalar = (value: unknown) => value === null || ['string', 'boolean'].includes(typeof value) || isNumber(value);
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isExactNumber(value);

function refuse(path: Path, why: string): never {
  throw new PatternRefused(`${path.length === 0 ? 'the pattern' : path.join('.')} ${why}`);
}
