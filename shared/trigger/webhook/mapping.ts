import * as z from 'zod';
import { conditionOf } from '../../expression/condition.ts';
import type { Explained } from '../../expression/explain.ts';
import { evaluateExpression } from '../../expression/expression.ts';
import { plainNamesInSource } from '../../expression/plain-names.ts';
import { type Reference, readingOfSource } from '../../expression/references.ts';
import { inspectJson } from '../../kernel/inspect-json.ts';
import { parseJson } from '../../kernel/json.ts';
import { Problem } from '../../kernel/problem.ts';
import { StepError } from '../../kernel/step-error.ts';
import type { WebhookRequest } from './scheme.ts';
import { schemeOf } from './schemes.ts';
import type { Webhook } from './webhook.ts';

const inputObject = z.record(z.string(), z.unknown());

/** Credentials of whoever carried the request; a workflow has no business with them. */
const HIDDEN_HEADERS = new Set(['authorization', 'cookie', 'proxy-authorization', 'x-api-key']);

export const shownHeaders = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !HIDDEN_HEADERS.has(name)));

const MAPPED = ['body', 'headers', 'query'];

/** Why a text cannot be a mapping or a condition; undefined if it can. What it reads must be there to be read. */
export function expressionProblem(text: string): string | undefined {
  const { references, problems } = readingOfSource(text);
  const [problem = references.map(withDollar)[0] ?? plainProblem(text)] = problems;
  return problem && `${problem.message}${problem.position === undefined ? '' : ` (at character ${problem.position + 1})`}`;
}

const withDollar = ({ name, position }: Reference): Explained => ({
  message: `$${name} is not known; a mapping reads ${MAPPED.join(', ')}, without "$"`,
  position,
});

function plainProblem(mapping: string): Explained | undefined {
  const { read, called, hyphens } = plainNamesInSource(mapping);
  const calls = called.map(({ name, position }) => ({
    message: `the function ${name}() is called without "$"; write $${name}()`,
    position,
  }));
  const subtractions = hyphens.flatMap(({ path, position, outside }) =>
    outside ? [{ message: `"${path.replaceAll('`', '')}" subtracts one name from another; write ${path}`, position }] : [],
  );
  const strays = read.flatMap(({ name, path, position }) =>
    MAPPED.includes(name) || /^[$*]/.test(name)
      ? []
      : [{ message: `a request has ${MAPPED.join(', ')} and no "${name}", did you mean body.${path}?`, position }],
  );
  return [...calls, ...subtractions, ...strays][0];
}

type Reader = Pick<Webhook, 'mapping' | 'if' | 'scheme' | 'signature'>;

/** The inputs that a request means. Without a mapping they are its body, or `{body}` when that is no object. */
export async function inputsOf(webhook: Reader, request: WebhookRequest): Promise<Record<string, unknown>> {
  const { mapping } = webhook;
  const body = bodyFor(webhook, request);
  if (mapping === undefined) return inputObject.safeParse(body).data ?? { body };
  const value = await evaluated('mapping', mapping, request, body);
  const inputs = inputObject.safeParse(value);
  if (inputs.success) return inputs.data;
  throw new Problem('invalid', 'The mapping gives no object of inputs.', [{ name: 'mapping', value: typeof value }]);
}

/** Whether a request meets the condition of its webhook: null counts as false, what is neither true nor false is refused. */
export async function meets(webhook: Reader, request: WebhookRequest): Promise<boolean> {
  if (webhook.if === undefined) return true;
  const value = await evaluated('if', webhook.if, request, bodyFor(webhook, request));
  return told('if', async () => conditionOf(value, 'if'));
}

function bodyFor(webhook: Reader, request: WebhookRequest): unknown {
  return bodyOf(request, schemeOf(webhook).jsonField?.(webhook.signature));
}

function evaluated(
  field: 'mapping' | 'if',
  expression: string,
  { headers, query }: WebhookRequest,
  body: unknown,
): Promise<unknown> {
  const names = { body, headers: shownHeaders(headers), query };
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
