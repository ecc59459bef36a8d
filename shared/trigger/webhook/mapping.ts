import { inspectJson } from '../../kernel/inspect-json.ts';
import { parseJson } from '../../kernel/json.ts';
import { Problem } from '../../kernel/problem.ts';
import { mappedInputs, meetsCondition, type Readable } from '../expression/trigger-expressions.ts';
import type { WebhookRequest } from './scheme.ts';
import { schemeOf } from './schemes.ts';
import type { Webhook } from './webhook.ts';

/** Credentials of whoever carried the request; a workflow has no business with them. */
const HIDDEN_HEADERS = new Set(['authorization', 'cookie', 'proxy-authorization', 'x-api-key']);

export const shownHeaders = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !HIDDEN_HEADERS.has(name)));

/** What the mapping and the condition of a webhook read. */
export const REQUEST: Readable = { thing: 'a request', trigger: 'webhook', names: ['body', 'headers', 'query'] };

type Reader = Pick<Webhook, 'mapping' | 'if' | 'scheme' | 'signature'>;

/** The inputs that a request means. Without a mapping they are its body, or `{body}` when that is no object. */
export async function inputsOf(webhook: Reader, request: WebhookRequest): Promise<Record<string, unknown>> {
  return mappedInputs(webhook.mapping, namesOf(webhook, request), REQUEST);
}

/** Whether a request meets the condition of its webhook. */
export async function meets(webhook: Reader, request: WebhookRequest): Promise<boolean> {
  return webhook.if === undefined || meetsCondition(webhook.if, namesOf(webhook, request), REQUEST);
}

function namesOf(webhook: Reader, request: WebhookRequest) {
  const body = bodyOf(request, schemeOf(webhook).jsonField?.(webhook.signature));
  return { body, headers: shownHeaders(request.headers), query: request.query };
}

/** By its content type: JSON as its value, a form as an object, anything else as text. JSON of an unknown type is JSON all the same. */
function bodyOf({ headers, body }: WebhookRequest, jsonField: string | undefined): unknown {
  const type = headers['content-type'] ?? '';
  const text = body.toString().toWellFormed();
  if (text === '') return null;
  if (/^application\/x-www-form-urlencoded\b/i.test(type)) return formBody(text, jsonField);
  const declared = /^application\/([\w.+-]+\+)?json\b/i.test(type);
  if (!declared && /^text\/(?!json)/i.test(type)) return text;
  const value = jsonOf(text);
  if (value === undefined && declared) throw new Problem('invalid', 'The body is not JSON, although its content type says so.');
  if (value !== undefined) inspectJson(value);
  return value ?? (text.trim() === 'null' ? null : text);
}

/** The fields of a form, or what its one field says where the sender wraps its JSON in a form. */
function formBody(text: string, jsonField: string | undefined): unknown {
  const form = fieldsOf(text);
  const wrapped = jsonField === undefined ? undefined : form[jsonField];
  if (typeof wrapped !== 'string') return form;
  const value = jsonOf(wrapped);
  if (value === undefined)
    throw new Problem('invalid', `The field "${jsonField}" of the form is not JSON, which this sender writes there.`);
  inspectJson(value);
  return value;
}

/** A field that comes once is a text, one that comes more often a list of them. */
function fieldsOf(text: string): Record<string, string | string[]> {
  const fields = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(text)) {
    const before = fields.get(name);
    if (before) before.push(value);
    else fields.set(name, [value]);
  }
  return Object.fromEntries([...fields].map(([name, values]) => [name, values.length === 1 ? (values[0] ?? '') : values]));
}

function jsonOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
