import { isExactNumber } from '../kernel/json.ts';
import { StepError } from '../kernel/step-error.ts';
import { Effort } from './effort.ts';
import { type Explained, explain } from './explain.ts';
import { parsed } from './jsonata.ts';
import { plainJson } from './plain-json.ts';
import type { Template } from './template.ts';
import { hasExpression, onlyExpression, type Part, partsOf } from './template.ts';

/** Where a template stands: the step, or null for the document's own, and the key path below it. */
export interface Where {
  step: string | null;
  field: string;
}

/** The value of a template, within the current `Effort`. */
export async function templateValue(
  template: Template,
  names: Record<string, unknown>,
  where: Where,
  context?: unknown,
): Promise<unknown> {
  if (typeof template === 'string') return hasExpression(template) ? evaluateText(template, names, where, context) : template;
  if (Array.isArray(template)) {
    const items = [];
    for (const [index, item] of template.entries()) {
      items.push(await templateValue(item, names, { ...where, field: `${where.field}[${index}]` }, context));
    }
    return items;
  }
  if (typeof template !== 'object' || template === null || isExactNumber(template)) return template ?? null;
  const entries = [];
  for (const [key, item] of Object.entries(template)) {
    entries.push([key, await templateValue(item, names, { ...where, field: `${where.field}.${key}` }, context)]);
  }
  return Object.fromEntries(entries);
}

async function evaluateText(text: string, names: Record<string, unknown>, where: Where, context: unknown): Promise<unknown> {
  const parts = split(text, where);
  const only = onlyExpression(parts);
  if (only) return sourceValue(only, names, where, context);
  let made = '';
  for (const part of parts) {
    made += 'text' in part ? part.text : textOf(await sourceValue(part, names, where, context));
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

/** The value of one expression, within the current `Effort`. */
export async function sourceValue(
  { source, start }: { source: string; start: number },
  names: Record<string, unknown>,
  where: Where,
  context: unknown,
): Promise<unknown> {
  try {
    Effort.current.begin(source);
    return plainJson(await parsed(source).evaluate(context, names));
  } catch (error) {
    throw Effort.current.isBeside(error) ? error : failed(where, explain(error), start);
  }
}

function failed(where: Where, { message, position }: Explained, start: number): StepError {
  const at = position === undefined ? '' : ` (at character ${start + position + 1})`;
  return new StepError('ExpressionError', `${placeOf(where)}: ${message}${at}`);
}

/** The place in words: `steps.book.set.total`. */
export const placeOf = ({ step, field }: Where) => (step === null ? field : `steps.${step}.${field}`);
