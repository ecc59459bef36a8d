import * as z from 'zod';
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

/** Why an expression cannot be a mapping; undefined if it can. */
export function mappingProblem(mapping: string): string | undefined {
  try {
    parsed(mapping);
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
  const value = await mapped(mapping, { body, headers: shownHeaders(request.headers), query: request.query });
  const inputs = inputObject.safeParse(value);
  if (inputs.success) return inputs.data;
  throw new Problem('invalid', 'The mapping gives no object of inputs.', [{ name: 'mapping', value: typeof value }]);
}

async function mapped(mapping: string, names: object): Promise<unknown> {
  try {
    return await evaluateExpression(mapping, { step: null, field: 'mapping' }, names);
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    throw new Problem('invalid', `The request cannot be mapped. ${error.message}`, [{ name: 'mapping', value: error.message }]);
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
