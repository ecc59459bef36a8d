import { docs } from '../../shared/api/docs.ts';
import { openApiDocument } from '../../shared/api/openapi.ts';
import { v2 } from '../../shared/api/v2.ts';
import { ok } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import { page } from '../../shared/edge/reference-page.ts';
import { FAILURE_CODES } from '../../shared/run/failure-codes.ts';
import { runs as runsOperations } from '../../shared/run/operations.http.ts';
import { workflowJsonSchema } from '../../shared/workflow/json-schema.ts';

/** The page has a style of its own and needs nothing else. */
const STYLE_ONLY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const CACHED = { 'cache-control': 'public, max-age=300' };

export const healthV2 = async () => ok({ status: 'ok' });
export const listFailureCodes = async () => ok({ items: FAILURE_CODES });
export const openApi = async () => ({ ...ok(openApiDocument()), headers: CACHED });
export const referencePage = async () => ({
  ...ok(page(openApiDocument())),
  headers: { ...CACHED, 'content-type': 'text/html; charset=utf-8', 'content-security-policy': STYLE_ONLY },
});
export const workflowSchema = async () => ({
  ...ok(workflowJsonSchema()),
  headers: { ...CACHED, 'content-type': 'application/schema+json' },
});

export const handler = http(
  { ...v2, ...runsOperations, ...docs },
  { healthV2, listFailureCodes, openApi, referencePage, workflowSchema },
  () => ({}),
);
