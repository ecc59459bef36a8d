import { type Expression, parsed } from './jsonata.ts';
import type { Template } from './template.ts';
import { hasExpression, partsOf } from './template.ts';

/** Kinds of nodes that look at all of a value at once. */
const LABORIOUS = new Set(['function', 'partial', 'lambda', 'apply', 'transform', 'descendant', 'wildcard', 'sort', 'regex']);

const known = new WeakMap<Expression, boolean>();

/** Whether the expressions of a template only follow paths, compare and calculate: then no size makes one operation of theirs long. */
export function readsOnly(template: Template): boolean {
  if (typeof template === 'string') return !hasExpression(template) || textReadsOnly(template);
  return typeof template !== 'object' || template === null || Object.values(template).every(readsOnly);
}

function textReadsOnly(text: string): boolean {
  try {
    return partsOf(text).every((part) => 'text' in part || sourceReadsOnly(part.source));
  } catch {
    // What does not parse fails at once.
    return true;
  }
}

function sourceReadsOnly(source: string): boolean {
  const expression = parsed(source);
  const before = known.get(expression);
  if (before !== undefined) return before;
  const found = nodeReadsOnly(expression.ast());
  known.set(expression, found);
  return found;
}

function nodeReadsOnly(node: unknown): boolean {
  if (typeof node !== 'object' || node === null) return true;
  return !('type' in node && LABORIOUS.has(String(node.type))) && Object.values(node).every(nodeReadsOnly);
}
