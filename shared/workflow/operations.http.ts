import * as z from 'zod';
import { operation } from '../edge/route.ts';
import { listQuery, resourceId, words } from '../edge/schema.ts';
import { camelCased } from '../edge/snake-case.ts';
import { maintenanceBody, maintenanceView } from './maintenance.http.ts';
import { retentionBody, retentionView } from './retention.http.ts';
import {
  checkedWorkflow,
  draftConflict,
  published,
  startDefaults,
  versionDetail,
  versionEntries,
  workflowDetail,
  workflowDiff,
  workflowEntries,
} from './workflow.http.ts';

const params = z.object({ workflow_id: resourceId });
const definition = z
  .union([z.string().min(1), z.record(z.string(), z.unknown())])
  .meta({ description: 'A workflow document: YAML or JSON text, or an object' });
const publishing = camelCased(
  z.strictObject({
    note: words(500).optional(),
    require_tests: z
      .boolean()
      .default(false)
      .meta({ description: 'Refuse unless all tests of the workflow come out the same, answered from the record' }),
    test_run_id: resourceId
      .optional()
      .meta({ description: 'With `require_tests`: a run of all tests against this draft; a new one when absent' }),
  }),
).refine(({ requireTests, testRunId }) => requireTests || testRunId === undefined, {
  path: ['test_run_id'],
  message: 'is of use with require_tests only',
});
const at = { tag: 'workflows' } as const;
const definitionName = z.string().regex(/^(draft|[1-9]\d{0,5})$/, 'must be `draft` or the number of a version');

export const workflows = {
  createWorkflow: operation({
    ...at,
    method: 'POST',
    path: '/v1/workflows',
    entry: 'api/write-workflows',
    summary: 'Create a workflow with a draft',
    act: 'workflow.create',
    role: 'editor',
    body: z.strictObject({ project_id: resourceId, definition }),
    responses: { 201: workflowDetail },
  }),
  checkWorkflow: operation({
    ...at,
    method: 'POST',
    path: '/v1/workflows/check',
    entry: 'api/write-workflows',
    summary: 'Everything that is wrong with a document, and its steps; nothing is stored',
    body: z.strictObject({ definition }),
    responses: { 200: checkedWorkflow },
  }),
  listWorkflows: operation({
    ...at,
    method: 'GET',
    path: '/v1/workflows',
    entry: 'api/read-workflows',
    summary: 'Workflows, newest first',
    query: z.strictObject({
      project_id: resourceId.optional(),
      q: words(200).optional().meta({ description: 'Of that id, or with it in their name, title or description' }),
      ...listQuery(25),
    }),
    responses: { 200: workflowEntries },
  }),
  getWorkflow: operation({
    ...at,
    method: 'GET',
    path: '/v1/workflows/{workflow_id}',
    entry: 'api/read-workflows',
    summary: 'One workflow with its draft and newest versions',
    params,
    responses: { 200: workflowDetail },
  }),
  updateWorkflow: operation({
    ...at,
    method: 'PATCH',
    path: '/v1/workflows/{workflow_id}',
    entry: 'api/write-workflows',
    summary: 'Turn on or off, or rename',
    act: 'workflow.change',
    role: 'editor',
    params,
    body: camelCased(
      z.strictObject({
        enabled: z.boolean().optional(),
        title: words(200).optional(),
        start_defaults: camelCased(startDefaults).optional(),
        retention: retentionBody.nullable().optional().meta({ description: 'Null: as the workspace says' }),
      }),
    ),
    responses: { 200: workflowDetail },
  }),
  deleteWorkflow: operation({
    ...at,
    method: 'DELETE',
    path: '/v1/workflows/{workflow_id}',
    entry: 'api/delete-workflow',
    summary: 'Delete a workflow with its tests; its runs stay readable',
    act: 'workflow.delete',
    role: 'editor',
    params,
    responses: { 204: '' },
  }),
  saveDraft: operation({
    ...at,
    method: 'PUT',
    path: '/v1/workflows/{workflow_id}/draft',
    entry: 'api/write-workflows',
    summary: 'Replace the draft',
    act: 'workflow.save',
    role: 'editor',
    params,
    ifMatch: draftConflict,
    body: z.strictObject({ definition }),
    responses: { 200: workflowDetail },
  }),
  publishWorkflow: operation({
    ...at,
    method: 'POST',
    path: '/v1/workflows/{workflow_id}/publish',
    entry: 'api/publish-workflow',
    summary: 'Publish the draft as the next version, if need be once its tests have held',
    act: 'workflow.publish',
    role: 'editor',
    params,
    body: publishing.default({ requireTests: false }),
    responses: { 201: published },
    // Its tests did not come out the same.
    refuses: [409],
  }),
  listVersions: operation({
    ...at,
    method: 'GET',
    path: '/v1/workflows/{workflow_id}/versions',
    entry: 'api/read-workflows',
    summary: 'Published versions, newest first',
    params,
    query: z.strictObject(listQuery(25)),
    responses: { 200: versionEntries },
  }),
  getVersion: operation({
    ...at,
    method: 'GET',
    path: '/v1/workflows/{workflow_id}/versions/{version}',
    entry: 'api/read-workflows',
    summary: 'One published version with its text',
    params: z.object({ workflow_id: resourceId, version: z.coerce.number().int().min(1).max(999_999) }),
    responses: { 200: versionDetail },
  }),
  diffWorkflow: operation({
    ...at,
    method: 'GET',
    path: '/v1/workflows/{workflow_id}/diff',
    entry: 'api/read-workflows',
    summary: 'What is different between two versions, or a version and the draft: steps and text',
    params,
    query: z.strictObject({
      from: definitionName.optional().meta({ description: 'A version, or `draft`; the newest version unless given' }),
      to: definitionName.optional().meta({ description: 'A version, or `draft`; `draft` unless given' }),
    }),
    responses: { 200: workflowDiff },
  }),
  getRetention: operation({
    ...at,
    method: 'GET',
    path: '/v1/settings/retention',
    entry: 'api/read-workflows',
    summary: 'For how long runs of the workspace are kept',
    responses: { 200: retentionView },
  }),
  putRetention: operation({
    ...at,
    method: 'PUT',
    path: '/v1/settings/retention',
    entry: 'api/write-workflows',
    summary: 'Say for how long runs of the workspace are kept, by what they came to',
    act: 'workspace.change',
    role: 'admin',
    body: retentionBody,
    responses: { 200: retentionView },
  }),
  getMaintenance: operation({
    ...at,
    method: 'GET',
    path: '/v1/settings/maintenance',
    entry: 'api/read-workflows',
    summary: 'When runs of the workspace are accepted and do not begin',
    responses: { 200: maintenanceView },
  }),
  putMaintenance: operation({
    ...at,
    method: 'PUT',
    path: '/v1/settings/maintenance',
    entry: 'api/write-workflows',
    summary: 'Say when runs of the workspace are accepted and do not begin',
    act: 'workspace.change',
    role: 'admin',
    body: maintenanceBody,
    responses: { 200: maintenanceView },
  }),
};
