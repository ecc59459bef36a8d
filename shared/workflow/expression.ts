import { isExactNumber } from '../json.ts';
import type { Template } from '../step/kind.ts';
import { StepError } from '../step/step-error.ts';
import { parsed } from './jsonata.ts';
import { plainJson } from './plain-json.ts';
import { hasExpression, onlyExpression, type Part, partsOf } from './template.ts';

/** Where a template stands: the step, or null for the document's own, and the key path below it. */
export interface Where {
  step: string | null;
  field: string;
}

/**
 * Evaluates every `${ ... }` of a template. A string that is exactly one expression takes its value; with text around it, it makes
 * a string in which objects are JSON and null is nothing. `context` is what plain names such as `body` refer to.
 * Throws `StepError` `ExpressionError`, naming step, field and position.
 */
export async function evaluateTemplate(
  template: Template,
  names: Record<string, unknown>,
  where: Where,
  context?: unknown,
): Promise<unknown> {
  if (typeof template === 'string') return hasExpression(template) ? evaluateText(template, names, where, context) : template;
  if (Array.isArray(template)) {
    const items = [];
    for (const [index, item] of template.entries()) {
      items.push(await evaluateTemplate(item, names, { ...where, field: `${where.field}[${index}]` }, context));
    }
    return items;
  }
  if (typeof template !== 'object' || template === null || isExactNumber(template)) return template ?? null;
  const entries = [];
  for (const [key, item] of Object.entries(template)) {
    entries.push([key, await evaluateTemplate(item, names, { ...where, field: `${where.field}.${key}` }, context)]);
  }
  return Object.fromEntries(entries);
}

async function evaluateText(text: string, names: Record<string, unknown>, where: Where, context: unknown): Promise<unknown> {
  const parts = split(text, where);
  const only = onlyExpression(parts);
  if (only) return evaluateSource(only, names, where, context);
  let made = '';
  for (const part of parts) {
    made += 'text' in part ? part.text : textOf(await evaluateSource(part, names, where, context));
  }
  return made;
}

function split(text: string, where: Where): Part[] {
  try {
    return partsOf(text);
  } catch (error) {
    throw failed(where, explain(error), 0);
  }
}

function textOf(value: unknown): string {
  if (value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

async function evaluateSource(
  { source, start }: { source: string; start: number },
  names: Record<string, unknown>,
  where: Where,
  context: unknown,
): Promise<unknown> {
  try {
    return plainJson(await parsed(source).evaluate(context, names));
  } catch (error) {
    throw failed(where, explain(error), start);
  }
}

function failed(where: Where, { message, position }: Explained, start: number): StepError {
  const place = where.step === null ? where.field : `steps.${where.step}.${where.field}`;
  const at = position === undefined ? '' : ` (at character ${start + position + 1})`;
  return new StepError('ExpressionError', `${place}: ${message}${at}`);
}

export interface Explained {
  message: string;
  /** Counts from the start of the expression, from 0. */
  position?: number;
}

const HINTS: Record<string, string> = {
  D1011: 'the expression recurses too deeply',
  D1012: 'the expression takes longer than a second',
  U1001: 'the expression recurses too deeply or takes too long',
};

/** JSONata's error in words for the author. */
export function explain(error: unknown): Explained {
  if (error instanceof RangeError) return { message: 'the expression recurses too deeply or makes a value that is too large' };
  if (typeof error !== 'object' || error === null) return { message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const said = 'message' in error && typeof error.message === 'string' ? error.message : 'the expression fails';
  const message = HINTS[code] ?? said + hintFor(code, 'value' in error ? error.value : undefined);
  if (!('position' in error) || typeof error.position !== 'number') return { message };
  return { message, position: Math.max(0, error.position - 1) };
}

/** `value` is what JSONata complains of. */
function hintFor(code: string, value: unknown): string {
  const exact = [value].flat().find(isExactNumber);
  if (exact) return `; ${exact} has more digits than can be calculated with: pass it on as it is, or as text with $string()`;
  return code === 'T2009' || code === 'T2010' ? '; turn text into a number with $number() before comparing' : '';
}
