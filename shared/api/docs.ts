import { operation } from '../edge/route.ts';

const at = { method: 'GET', entry: 'api/docs', tag: 'docs', open: true } as const;

export const docs = {
  openApi: operation({
    ...at,
    path: '/openapi.json',
    summary: 'This API as OpenAPI 3.1',
    responses: { 200: 'application/json' },
  }),
  referencePage: operation({ ...at, path: '/docs', summary: 'Reference page', responses: { 200: 'text/html; charset=utf-8' } }),
  workflowSchema: operation({
    ...at,
    path: '/schemas/workflow-1.json',
    summary: 'JSON Schema of workflow documents, for editors',
    responses: { 200: 'application/schema+json' },
  }),
};
