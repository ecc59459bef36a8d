import * as z from 'zod';
import {
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiResponseObject,
  type ZodOpenApiResponsesObject,
} from 'zod-openapi';
import { reason } from './reason.ts';
import { type Operation, takesReason } from './route.ts';
import { errorModel } from './schema.ts';

const MEANING: Record<number, string> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'Done',
  400: 'Invalid input values',
  401: 'No API key or token that is known',
  403: 'Not allowed',
  404: 'Not found',
  409: 'Conflict',
  413: 'Too large',
  415: 'Not JSON',
  422: 'The document has problems',
  429: 'Too many requests; Retry-After says when to try again',
  500: 'A fault of ours, with the id of the request',
  503: 'The sign-in provider does not answer, so that nobody can tell whose token it is; Retry-After says when to try again',
};

export type OpenApiDocument = ReturnType<typeof createDocument>;

/** A table of operations as OpenAPI 3.1, from the schemas that validate it. */
export function documentOf(info: { title: string; version: string; description: string }, operations: Record<string, Operation>) {
  const document = createDocument(
    {
      openapi: '3.1.0',
      info,
      servers: [{ url: '/' }],
      security: [{ APIKeyHeader: [] }, { Bearer: [] }],
      components: {
        securitySchemes: {
          APIKeyHeader: { type: 'apiKey', in: 'header', name: 'x-api-key' },
          Bearer: { type: 'http', scheme: 'bearer', description: 'An API key, or an ID token of the sign-in provider' },
        },
      },
      paths: paths(operations),
    },
    { override: ({ jsonSchema, io }) => (io === 'input' ? tellDefaults(jsonSchema as z.core.JSONSchema.BaseSchema) : undefined) },
  );
  for (const operation of Object.values(operations))
    if (operation.body && takesReason(operation)) tellReason(document, operation);
  return document;
}

interface BodySchema {
  $ref?: string;
  oneOf?: BodySchema[];
  properties?: Record<string, unknown>;
}

/** Every body of an act takes a reason: whoever reads it takes it out first, so that the schemas of operations know nothing of it. */
function tellReason(document: OpenApiDocument, { path, method }: Operation): void {
  const described = Object(document.paths?.[path])[method.toLowerCase()];
  addReason(document, described.requestBody.content['application/json'].schema);
}

function addReason(document: OpenApiDocument, schema: BodySchema): void {
  const { $ref, oneOf, properties } = schema;
  if ($ref !== undefined) addReason(document, Object(document.components?.schemas)[$ref.split('/').at(-1) ?? '']);
  for (const one of oneOf ?? []) addReason(document, one);
  if ($ref === undefined && oneOf === undefined)
    schema.properties = {
      ...properties,
      reason: { type: 'string', minLength: 1, maxLength: 500, description: 'Why; kept in the audit log' },
    };
}

/**
 * What may be left out of a request says so in words: generators of clients take a field with a `default` for one that is always there, and demand it.
 */
function tellDefaults({ properties = {} }: z.core.JSONSchema.BaseSchema): void {
  for (const property of Object.values(properties)) {
    if (typeof property === 'boolean') continue;
    const { default: preset, description } = property;
    if (preset === undefined) continue;
    delete property.default;
    if (typeof preset !== 'object') property.description = [description, `\`${preset}\` unless given`].filter(Boolean).join('; ');
  }
}

function paths(operations: Record<string, Operation>): Record<string, Record<string, ZodOpenApiOperationObject>> {
  const byPath: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const [operationId, operation] of Object.entries(operations)) {
    byPath[operation.path] = { ...byPath[operation.path], [operation.method.toLowerCase()]: describe(operationId, operation) };
  }
  return byPath;
}

function describe(operationId: string, operation: Operation): ZodOpenApiOperationObject {
  const { summary, tag, open, role, params, body, responses, ifMatch } = operation;
  const header = headersOf(operation);
  const query = takesReason(operation) && !body ? withReason(operation.query) : operation.query;
  return {
    operationId,
    summary,
    tags: [tag],
    ...(open && { security: [] }),
    ...(!open && { description: `Needs the role ${role ?? 'viewer'}.` }),
    requestParams: { ...(params && { path: params }), ...(query && { query }), ...(header && { header }) },
    ...(body && {
      requestBody: { required: !body.safeParse(undefined).success, content: { 'application/json': { schema: body } } },
    }),
    responses: {
      ...refusals(statusesOf(operation)),
      ...Object.fromEntries(Object.entries(responses).map(success)),
      ...(ifMatch && Object.fromEntries([success(['409', ifMatch])])),
    },
  };
}

const withReason = (query: z.ZodObject = z.strictObject({})) => query.extend({ reason: reason.optional() });

const success = ([status, schema]: [string, z.ZodType | string]) => [
  status,
  {
    description: MEANING[Number(status)] ?? '',
    ...(schema !== '' && { content: typeof schema === 'string' ? { [schema]: {} } : { 'application/json': { schema } } }),
  },
];

function headersOf({ keyed, ifMatch }: Operation): z.ZodObject | undefined {
  if (!keyed && !ifMatch) return undefined;
  return z.object({ ...(keyed && keyHeader.shape), ...(ifMatch && ifMatchHeader.shape) });
}

const ifMatchHeader = z.object({
  'If-Match': z.string().min(1).optional().meta({
    description: 'The ETag of what was read: 409 when it has changed since',
  }),
});
const keyHeader = z.object({
  'Idempotency-Key': z.string().min(1).max(200).optional().meta({
    description: 'The same key and request give the first answer again, with the header Idempotent-Replay: true',
  }),
});

const READS = [400, 401, 403, 404, 413, 429, 500, 503];
const WRITES = [...READS, 409];
const TAKES_BODY = [415, 422];
/** What a foreign system hears at an address that is its credential. */
const FOREIGN = [400, 401, 404, 409, 413, 429, 500];

/** Every status that a route may refuse with. An answer may be too large as well, and whatever changes something may find that it cannot be done. */
function statusesOf({ open, raw, method, body, refuses = [] }: Operation): number[] {
  if (raw) return FOREIGN;
  if (open) return [500];
  return [...(method === 'GET' ? READS : WRITES), ...(body ? TAKES_BODY : []), ...refuses];
}

/** Each refusal once, under components. */
const refusalsByStatus = new Map([...WRITES, ...TAKES_BODY].map((status) => [status, refusal(status)]));

function refusal(status: number): ZodOpenApiResponseObject {
  return {
    id: `Refusal${status}`,
    description: MEANING[status] ?? '',
    content: { 'application/json': { schema: errorModel } },
    ...((status === 429 || status === 503) && { headers: z.object({ 'Retry-After': z.string() }) }),
  };
}

function refusals(statuses: number[]): ZodOpenApiResponsesObject {
  return Object.fromEntries(statuses.map((status) => [status, refusalsByStatus.get(status) ?? refusal(status)]));
}
