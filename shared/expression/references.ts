import { isExactNumber, numberFrom } from '../kernel/json.ts';
import { BUILTINS } from './builtins.ts';
import { type Explained, explain } from './explain.ts';
import { parsed } from './jsonata.ts';
import { linear } from './linear-regex.ts';
import { followingNames } from './plain-names.ts';
import type { Template } from './template.ts';
import { hasExpression, partsOf, UnclosedExpression } from './template.ts';

/** One thing that a template reads. `name` is `input`, `run`, `error`, `index`, the name of a loop item, or `steps` with an id. */
export interface Reference {
  name: string;
  stepId?: string;
  /** The names that follow: of `$input.order.id`, `order` and `id`. */
  names: string[];
  /** `$exists()` of it: asked for, not read. */
  asked?: true;
  /** Where in the string, from 0. */
  position: number;
}

/** What a string reads, and what is wrong with it. */
export interface Reading {
  references: Reference[];
  problems: Explained[];
}

/** Reads the expressions of one string without evaluating them. */
export function readingOf(text: string): Reading {
  const reading: Reading = { references: [], problems: [] };
  if (!hasExpression(text)) return reading;
  try {
    for (const part of partsOf(text)) if ('source' in part) readSource(part.source, part.start, reading);
  } catch (error) {
    if (!(error instanceof UnclosedExpression)) throw error;
    reading.problems.push({ message: error.message, position: error.position });
  }
  return reading;
}

/** The same of one expression, without `${ ... }` around it. */
export function readingOfSource(source: string): Reading {
  const reading: Reading = { references: [], problems: [] };
  readSource(source, 0, reading);
  return reading;
}

/** Ids of the steps that a template reads anywhere in it. */
export function stepsReadBy(template: Template): string[] {
  const ids = stringsIn(template).flatMap((text) => readingOf(text).references.flatMap(({ stepId }) => stepId ?? []));
  return [...new Set(ids)];
}

/** Whether a template reads that name anywhere in it. */
export function reads(name: string, template: Template): boolean {
  return stringsIn(template).some((text) => readingOf(text).references.some((reference) => reference.name === name));
}

function stringsIn(template: Template): string[] {
  if (typeof template === 'string') return [template];
  return typeof template === 'object' && template !== null ? Object.values(template).flatMap(stringsIn) : [];
}

function readSource(source: string, start: number, reading: Reading): void {
  try {
    visit(parsed(source).ast(), new Set(), {
      source,
      asked: new Set(),
      refer: (reference) => reading.references.push({ ...reference, position: start + reference.position }),
      complain: (message, position) => reading.problems.push({ message, position: start + position }),
    });
  } catch (error) {
    const { message, position } = explain(error);
    reading.problems.push({ message, position: start + (position ?? 0) });
  }
}

interface Listener {
  source: string;
  /** Variables of which only `$exists()` is asked. */
  asked: Set<unknown>;
  refer(reference: Reference): void;
  complain(message: string, position: number): void;
}

function isNode(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Goes through the tree; `bound` are the variables that the expression itself declares around a node. */
function visit(node: unknown, bound: Set<string>, listener: Listener): void {
  if (Array.isArray(node)) {
    // A block's later expressions see the variables that its earlier ones bind.
    for (const item of node) visit(item, bound, listener);
    return;
  }
  if (!isNode(node)) return;
  if (node['value'] instanceof RegExp) visitRegex(node['value'], node, listener);
  if (node['type'] === 'number') visitNumber(node, listener);
  if (callsExists(node)) for (const path of childrenOf(node['arguments'])) listener.asked.add(childrenOf(path['steps'])[0]);
  if (node['type'] === 'variable') visitVariable(node, [], bound, listener);
  const declared = declaredBy(node).filter((name) => !bound.has(name));
  const inner = declared.length === 0 ? bound : new Set([...bound, ...declared]);
  if (node['type'] === 'path') visitPath(node, inner, listener);
  else visitChildren(node, inner, listener);
}

function visitPath(path: Record<string, unknown>, bound: Set<string>, listener: Listener): void {
  const [first, ...rest] = Array.isArray(path['steps']) ? path['steps'] : [];
  if (isNode(first) && first['type'] === 'variable') {
    const plain = !['predicate', 'group', 'stages'].some((key) => key in first);
    visitVariable(first, plain ? rest : [], bound, listener);
    visitChildren(first, bound, listener);
  } else {
    visit(first, bound, listener);
  }
  visit(rest, bound, listener);
  visitChildren({ ...path, steps: undefined }, bound, listener);
}

function visitChildren(node: Record<string, unknown>, bound: Set<string>, listener: Listener): void {
  const skipped =
    node['type'] === 'lambda' ? ['arguments'] : node['type'] === 'bind' ? ['lhs'] : callsError(node) ? ['procedure'] : [];
  for (const [key, child] of Object.entries(node)) if (!skipped.includes(key)) visit(child, bound, listener);
}

/** `$error("...")`, the function of JSONata; `$error` alone is the failure that a handler has caught. */
function callsError(node: Record<string, unknown>): boolean {
  return isNode(node['procedure']) && node['procedure']['value'] === 'error';
}

const callsExists = (node: Record<string, unknown>) =>
  node['type'] === 'function' && isNode(node['procedure']) && node['procedure']['value'] === 'exists';

function visitVariable(node: Record<string, unknown>, rest: unknown[], bound: Set<string>, listener: Listener): void {
  const name = String(node['value']);
  const position = Math.max(0, positionOf(node) - name.length - 1);
  if (name === '' || name === '$' || bound.has(name) || BUILTINS.has(name)) return;
  const following = followingNames(childrenOf(rest));
  const stepId = name === 'steps' ? following[0] : undefined;
  const names = stepId === undefined ? following : following.slice(1);
  const isWhole = following.length === rest.length && !childrenOf(rest).some((step) => 'stages' in step);
  const asked = isWhole && listener.asked.has(node) ? { asked: true as const } : {};
  if (name === 'eval') listener.complain('$eval is not available: it would hide what the expression reads', position);
  else if (stepId !== undefined) listener.refer({ name, stepId, names, position, ...asked });
  else if (name === 'steps') listener.complain('write $steps.<id>: which steps are read must be known before the run', position);
  else listener.refer({ name, names, position });
}

const LONGEST_NUMBER = 400;

/** JSONata has read it as a double; its position is where it ends. */
function visitNumber(node: Record<string, unknown>, { source, complain }: Listener): void {
  const end = positionOf(node);
  const [text = '0'] = /[0-9]+(\.[0-9]+)?([Ee][-+]?[0-9]+)?$/.exec(source.slice(Math.max(0, end - LONGEST_NUMBER), end)) ?? [];
  if (isExactNumber(numberFrom(text))) {
    complain(
      `${text} has more digits than an expression calculates with; write $number("${text}") to compare with it`,
      end - text.length,
    );
  }
}

function visitRegex(pattern: RegExp, node: Record<string, unknown>, listener: Listener): void {
  try {
    linear(pattern);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    listener.complain(`the regular expression /${pattern.source}/ cannot be used: ${reason}`, positionOf(node));
  }
}

function positionOf(node: Record<string, unknown>): number {
  return typeof node['position'] === 'number' ? node['position'] : 0;
}

/** Names that hold inside a node: parameters of a lambda, assignments of a block, `@$x` and `#$i` of a path. */
function declaredBy(node: Record<string, unknown>): string[] {
  if (node['type'] === 'lambda') return valuesOf(node['arguments']);
  if (node['type'] === 'block')
    return childrenOf(node['expressions']).flatMap((child) => (child['type'] === 'bind' ? valuesOf([child['lhs']]) : []));
  if (node['type'] === 'bind') return valuesOf([node['lhs']]);
  if (node['type'] === 'path')
    return childrenOf(node['steps']).flatMap(({ focus, index }) => [focus, index].filter((name) => typeof name === 'string'));
  return [];
}

function childrenOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isNode) : [];
}

function valuesOf(nodes: unknown): string[] {
  return childrenOf(nodes).map((node) => String(node['value']));
}
