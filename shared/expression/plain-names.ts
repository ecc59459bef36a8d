import { BUILTINS } from './builtins.ts';
import { parsed } from './jsonata.ts';
import { hasExpression, partsOf } from './template.ts';

/** A name without `$`, which is read from the result of the step. */
export interface PlainName {
  name: string;
  /** As it is written, with the names that follow it: `steps.vendor.id`. */
  path: string;
  /** Where in the string, from 0. */
  position: number;
  /** Read from the result itself, no part of a path around it. */
  outside: boolean;
}

/** Names without `$` in a string. */
export interface PlainNames {
  read: PlainName[];
  /** Functions that are called without it. */
  called: PlainName[];
  /** `$input.first-name`: two names with a hyphen between them, which subtracts one from the other. */
  hyphens: PlainName[];
}

/** The same of one expression that parses, without `${ ... }` around it. */
export function plainNamesInSource(source: string): PlainNames {
  const names: PlainNames = { read: [], called: [], hyphens: [] };
  new NameReader(0, names).node(parsed(source).ast(), true);
  return names;
}

/** What the expressions of a string read without `$`. What does not parse has none: that is another complaint. */
export function plainNamesOf(text: string): PlainNames {
  const names: PlainNames = { read: [], called: [], hyphens: [] };
  if (!hasExpression(text)) return names;
  try {
    for (const part of partsOf(text))
      if ('source' in part) new NameReader(part.start, names).node(parsed(part.source).ast(), true);
  } catch {
    return names;
  }
  return names;
}

type Node = Record<string, unknown>;

/** What stands under these looks at one item after the other. */
const OF_ITEMS = new Set(['predicate', 'stages', 'group', 'terms']);
const WHOLE_CONTEXT = new Map([
  ['wildcard', '*'],
  ['descendant', '**'],
]);

class NameReader {
  readonly #start: number;
  readonly #names: PlainNames;

  constructor(start: number, names: PlainNames) {
    this.#start = start;
    this.#names = names;
  }

  /** `outside`: no part of a path stands around the node, so that its names are read from the result itself. */
  node(node: unknown, outside: boolean): void {
    if (Array.isArray(node)) for (const item of node) this.node(item, outside);
    if (!isNode(node)) return;
    const { type } = node;
    if (type === 'path') this.#path(node, outside);
    else if (type === 'function' || type === 'partial') this.#call(node, outside);
    else if (type === 'binary' && node['value'] === '-') this.#minus(node, outside);
    else {
      if (type === 'variable') this.#context(node, outside);
      const whole = WHOLE_CONTEXT.get(String(type));
      if (outside && whole) this.#add('read', { name: whole, path: whole, position: positionOf(node) - whole.length, outside });
      this.#children(node, outside && type !== 'transform');
    }
  }

  #children(node: Node, outside: boolean, but: string[] = []): void {
    for (const [key, child] of Object.entries(node)) if (!but.includes(key)) this.node(child, outside && !OF_ITEMS.has(key));
  }

  #path(path: Node, outside: boolean): void {
    const [first, ...rest] = nodesIn(path['steps']);
    const names = followingNames([first, ...rest]);
    const [name] = names;
    if (outside && first && name !== undefined)
      this.#add('read', { name, path: names.join('.'), position: positionOf(first) - name.length, outside });
    this.node(first, outside);
    this.node(rest, false);
    this.#children(path, outside, ['steps']);
  }

  #call(node: Node, outside: boolean): void {
    const { procedure } = node;
    const [name, ...more] = isNode(procedure) && procedure['type'] === 'path' ? followingNames(nodesIn(procedure['steps'])) : [];
    const isForgotten = name !== undefined && more.length === 0 && BUILTINS.has(name);
    if (isForgotten) this.#add('called', { name, path: name, position: positionOf(node) - 1 - name.length, outside });
    this.#children(node, outside, isForgotten ? ['procedure'] : []);
  }

  #minus(node: Node, outside: boolean): void {
    const hyphen = hyphened(node);
    if (!hyphen) {
      this.#children(node, outside);
      return;
    }
    const { before, name, position, path } = hyphen;
    this.#add('hyphens', { name, path: [...before, `\`${name}\``].join('.'), position, outside });
    this.node(path, outside);
  }

  /** `$` is the context of where it stands, `$$` that of the whole expression. */
  #context(node: Node, outside: boolean): void {
    const name = node['value'];
    if (name === '$' || (name === '' && outside)) {
      const written = `$${name}`;
      this.#add('read', { name: written, path: written, position: positionOf(node) - written.length, outside: true });
    }
  }

  #add(list: keyof PlainNames, plain: PlainName): void {
    this.#names[list].push({ ...plain, position: this.#start + Math.max(0, plain.position) });
  }
}

/** A name with hyphens at the end of a path, as the tree has it. */
interface Hyphened {
  /** What stands before the name. */
  before: string[];
  name: string;
  position: number;
  end: number;
  /** The path up to the first hyphen. */
  path: Node;
}

/** `$input.first-name`, no space in it: a path of several names, a hyphen, and one more name. */
function hyphened({ lhs, rhs, position }: Node): Hyphened | undefined {
  const left = isNode(lhs) && lhs['type'] === 'binary' && lhs['value'] === '-' ? hyphened(lhs) : endOfPath(lhs);
  const [tail, ...more] = stepsOf(rhs);
  if (!left || tail?.['type'] !== 'name' || more.length > 0) return undefined;
  const name = String(tail['value']);
  const isTight = left.end + 1 === position && positionOf(tail) - name.length === position;
  return isTight ? { ...left, name: `${left.name}-${name}`, end: positionOf(tail) } : undefined;
}

function endOfPath(node: unknown): Hyphened | undefined {
  const steps = stepsOf(node);
  const last = steps.at(-1);
  if (!isNode(node) || steps.length < 2 || last?.['type'] !== 'name' || 'stages' in last) return undefined;
  const name = String(last['value']);
  const before = steps.slice(0, -1).map((step) => (step['type'] === 'variable' ? `$${step['value']}` : String(step['value'])));
  return { before, name, position: positionOf(last) - name.length, end: positionOf(last), path: node };
}

const stepsOf = (node: unknown): Node[] => (isNode(node) && node['type'] === 'path' ? nodesIn(node['steps']) : []);

/** The names with which a path begins. */
export function followingNames(steps: (Node | undefined)[]): string[] {
  const end = steps.findIndex((step) => step?.['type'] !== 'name');
  return steps.slice(0, end < 0 ? steps.length : end).map((step) => String(step?.['value']));
}

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value);
const nodesIn = (value: unknown): Node[] => (Array.isArray(value) ? value.filter(isNode) : []);
const positionOf = (node: Node): number => (typeof node['position'] === 'number' ? node['position'] : 0);
