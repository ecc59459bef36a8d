import * as z from 'zod';
import { EXPRESSION, isOneExpression } from '../../expression/template.ts';
import { jsonNumber } from '../../kernel/json-number.ts';
import { isCallableUrl } from '../../kernel/safe-url.ts';

/** The form of an http step after evaluation. */
export type HttpSpec = z.infer<typeof resolvedSpec>;

const methods = z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

const expectation = 'must be a status such as 200, a range such as 200-299, or a list of those';
const status = z.int().min(100, expectation).max(599, expectation);
const range = z.string().regex(/^[1-5]\d\d-[1-5]\d\d$/, expectation);
const expected = z.union([status, range, z.array(z.union([status, range], expectation)).min(1, expectation)], expectation);

/** Those belong to the connection, or would contradict what is sent. */
const RESERVED = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'must be the name of a header such as x-request-id')
  .refine((name) => !RESERVED.has(name.toLowerCase()), 'is set by the connection and cannot be given');

const scalar = z.union([z.string(), jsonNumber, z.boolean(), z.null()]);
const parameter = z.union([scalar, z.array(scalar)]);

const fileId = z.string().min(1, 'must be the id of a file');
const partName = z.string().min(1).max(200);
/** A field of a form: plain, or a file, under another name if wanted. */
const part = z.union(
  [z.strictObject({ file: fileId, name: z.string().min(1).max(256).nullish() }), scalar],
  'must be a plain value or {file: <id>}',
);

const MAX_PAGES = 1_000;
const DEFAULT_PAGES = 100;
const ONE_EXPRESSION = 'must be one ${ ... } expression';

const oneExpression = z
  .string()
  .regex(EXPRESSION, { error: ONE_EXPRESSION, abort: true })
  .refine(isOneExpression, ONE_EXPRESSION);

/** How further pages are found and read; evaluated over each answer, so it is the same before and after evaluation. */
const paginate = z.strictObject({
  next: oneExpression.describe('Gives the URL of the next page, or null after the last one.'),
  items: oneExpression.default('${ body }').describe('Gives the items of a page; its body unless given.'),
  max: z.int().min(1).max(MAX_PAGES).default(DEFAULT_PAGES).describe('How many pages there may be.'),
});

/** The author's form: any string may be a template. */
export const authoredSpec = z
  .strictObject({
    method: methods,
    url: z.string().min(1).refine(couldBeUrl, {
      error: 'must be an http or https URL such as https://erp.example/orders, without a user name or password',
    }),
    connection: z.string().min(1).optional(),
    query: z.record(z.string(), parameter).optional(),
    headers: z.record(headerName, scalar).optional(),
    body: z.unknown().optional(),
    file: z.string().min(1).optional(),
    multipart: z.record(partName, z.unknown()).optional(),
    expect: expected.optional(),
    save: z.boolean().optional(),
    paginate: paginate.optional(),
  })
  .refine(({ method, paginate: pages }) => !pages || method === 'GET', {
    path: ['paginate'],
    error: 'pages are read with GET',
  })
  .refine(({ save, paginate: pages }) => !pages || save !== true, {
    path: ['paginate'],
    error: 'gathers the items of many answers; save keeps one answer as a file',
  })
  .refine(({ method, ...spec }) => contents(spec) === 0 || !['GET', 'HEAD'].includes(method), {
    path: ['body'],
    error: 'a GET or HEAD request has no body; use query',
  })
  .refine((spec) => contents(spec) < 2, { path: ['body'], error: 'a request has one of body, file and multipart' });

const contents = ({ body, file, multipart }: { body?: unknown; file?: unknown; multipart?: unknown }) =>
  [body, file, multipart].filter((one) => one !== undefined).length;

const headerValue = scalar
  .refine(
    (value) => !/[^\t\x20-\x7e\x80-\xff]/.test(String(value ?? '')),
    'holds a line break or a character that headers cannot carry',
  )
  .transform((value) => (value === null ? null : String(value)));

export const resolvedSpec = z.strictObject({
  method: methods,
  url: z.string().refine(isCallableUrl, { error: 'must be an http or https URL without a user name or password' }),
  connection: z.string().nullish(),
  query: z.record(z.string(), parameter).nullish(),
  headers: z.record(headerName, headerValue).nullish(),
  body: z.unknown().optional(),
  file: fileId.optional(),
  multipart: z.record(partName, part).optional(),
  expect: expected.nullish(),
  save: z.boolean().nullish(),
  paginate: paginate.optional(),
});

/** Only a URL without expressions can be judged before it is evaluated. */
function couldBeUrl(text: string): boolean {
  return text.includes('${') || isCallableUrl(text);
}

/** Whether the step goes on with this status. */
export function expects({ expect }: Pick<HttpSpec, 'expect'>, status: number): boolean {
  return [expect ?? '200-399'].flat().some((one) => {
    if (typeof one === 'number') return one === status;
    const [low = 0, high = 0] = one.split('-').map(Number);
    return low <= status && status <= high;
  });
}

/** A redirect whose very status is expected is the answer; one inside a range is followed. */
export function wantsRedirect({ expect }: Pick<HttpSpec, 'expect'>, status: number): boolean {
  return [expect ?? []].flat().includes(status);
}
