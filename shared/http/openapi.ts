import type * as z from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiResponsesObject } from 'zod-openapi';
import { errorModel } from './resources.ts';
import type { Operation } from './route.ts';
import { operations } from './routes.ts';

const MEANING: Record<number, string> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'Done',
  400: 'Invalid input values',
  401: 'No or unknown API key',
  403: 'Not allowed',
  404: 'Not found',
  409: 'Conflict',
  422: 'The document has problems',
};

type Document = ReturnType<typeof createDocument>;
let made: Document | undefined;

/** The whole API as OpenAPI 3.1, from the schemas that validate it. */
export function openApiDocument(): Document {
  made ??= createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Millrun',
      version: '1',
      description: 'Runs workflows inside your own AWS account. /v1 is the whole product; /v2 is a compatible dialect.',
    },
    servers: [{ url: '/' }],
    security: [{ APIKeyHeader: [] }, { Bearer: [] }],
    components: {
      securitySchemes: {
        APIKeyHeader: { type: 'apiKey', in: 'header', name: 'x-api-key' },
        Bearer: { type: 'http', scheme: 'bearer' },
      },
    },
    paths: paths(),
  });
  return made;
}

function paths(): Record<string, Record<string, ZodOpenApiOperationObject>> {
  const byPath: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const [operationId, operation] of Object.entries<Operation>(operations)) {
    byPath[operation.path] = { ...byPath[operation.path], [operation.method.toLowerCase()]: describe(operationId, operation) };
  }
  return byPath;
}

function describe(
  operationId: string,
  { summary, tag, open, role, params, query, body, responses }: Operation,
): ZodOpenApiOperationObject {
  return {
    operationId,
    summary,
    tags: [tag],
    ...(open && { security: [] }),
    ...(!open && { description: `Needs the role ${role ?? 'viewer'}.` }),
    requestParams: { ...(params && { path: params }), ...(query && { query }) },
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: { ...Object.fromEntries(Object.entries(responses).map(success)), ...refusals(open === true, body !== undefined) },
  };
}

const success = ([status, schema]: [string, z.ZodType | string]) => [
  status,
  {
    description: MEANING[Number(status)] ?? '',
    ...(schema !== '' && { content: typeof schema === 'string' ? { [schema]: {} } : { 'application/json': { schema } } }),
  },
];

function refusals(open: boolean, writes: boolean): ZodOpenApiResponsesObject {
  const statuses = open ? [] : writes ? [400, 401, 403, 404, 409, 422] : [400, 401, 403, 404];
  const content = { 'application/json': { schema: errorModel } };
  return Object.fromEntries(statuses.map((status) => [status, { description: MEANING[status] ?? '', content }]));
}
