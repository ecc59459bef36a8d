import * as z from 'zod';
import { conditionOf } from '../../expression/condition.ts';
import { explain } from '../../expression/explain.ts';
import { evaluateExpression } from '../../expression/expression.ts';
import { parsed } from '../../expression/jsonata.ts';
import { inspectJson } from '../../kernel/inspect-json.ts';
import { parseJson } from '../../kernel/json.ts';
import { Problem } from '../../kernel/problem.ts';
import { StepError } from '../../kernel/step-error.ts';
import type { WebhookRequest } from './scheme.ts';

const inputObject = z.record(z.string(), z.unknown());

/** Credentials of whoever carried the request; a workflow has no business with them. */
const HIDDEN_HEADERS = new Set(['authorization', 'cookie', 'proxy-authorization', 'x-api-key']);

export const shownHeaders = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !HIDDEN_HEADERS.has(name)));

/** Why a text is no expression; undefined if it is one. */
export function expressionProblem(text: string): string | undefined {
  try {
    parsed(text);
    return undefined;
  } catch (error) {
    const { message, position } = explain(error);
    return position === undefined ? message : `${message} (at character ${position + 1})`;
  }
}

/** The inputs that a request means. Without a mapping they are its body, or `{body}` when that is no object. */
export async function inputsOf(mapping: string | undefined, request: WebhookRequest): Promise<Record<string, unknown>> {
  const body = bodyOf(request);
  if (mapping === undefined) return inputObject.safeParse(body).data ?? { body };
  const value = await evaluated('mapping', mapping, request);
  const inputs = inputObject.safeParse(value);
  if (inputs.success) return inputs.data;
  throw new Problem('invalid', 'The mapping gives no object of inputs.', [{ name: 'mapping', value: typeof value }]);
}

/** Whether a request meets the condition of its webhook: null counts as false, what is neither true nor false is refused. */
export async function meets(condition: string | undefined, request: WebhookRequest): Promise<boolean> {
  if (condition === undefined) return true;
  const value = await evaluated('if', condition, request);
  return told('if', async () => conditionOf(value, 'if'));
}

function evaluated(field: 'mapping' | 'if', expression: string, request: WebhookRequest): Promise<unknown> {
  const names = { body: bodyOf(request), headers: shownHeaders(request.headers), query: request.query };
  return told(field, () => evaluateExpression(expression, { step: null, field }, names));
}

/** What an expression fails with is for the sender to hear. */
async function told<T>(field: 'mapping' | 'if', work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    const what = field === 'if' ? 'The condition of the webhook cannot be evaluated.' : 'The request cannot be mapped.';
    throw new Problem('invalid', `${what} ${error.message}`, [{ name: field, value: error.message }]);
  }
}

/** By its content type: JSON as its value, a form as an object, anything else as text. JSON of an unknown type is JSON all the same. */
function bodyOf({ headers, body }: WebhookRequest): unknown {
  const type = headers['content-type'] ?? '';
  const text = body.toString().toWellFormed();
  if (text === '') return null;
  if (/^application\/x-www-form-urlencoded\b/i.test(type)) return Object.fromEntries(new URLSearchParams(text));
  const declared = /^application\/([\w.+-]+\+)?json\b/i.test(type);
  if (!declared && /^text\/(?!json)/i.test(type)) return text;
  const value = jsonOf(text);
  if (value === undefined && declared) throw new Problem('invalid', 'The body is not JSON, although its content type says so.');
  if (value !== undefined) inspectJson(value);
  return value ?? (text.trim() === 'null' ? null : text);
}

function jsonOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
