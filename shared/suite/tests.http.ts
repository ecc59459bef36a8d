import * as z from 'zod';
import { operation } from '../edge/route.ts';
import { actor, resourceId, time, words } from '../edge/schema.ts';
import { camelCased, viewOf } from '../edge/snake-case.ts';
import { TEST_MODES } from '../run/model/status.ts';
import { differences, differencesView } from './compare.http.ts';
import type { CaseResult } from './run-tests.ts';
import { MOST_TESTS, type SuiteRun, type TestCase } from './test-case.ts';

/** A JSON Pointer in which `*` stands for any name or index. */
const pointer = z
  .string()
  .max(400)
  .regex(/^(\/([^~/]|~[01])*)*$/, 'must be a JSON Pointer such as /lines/*/price');
const pointers = z.array(pointer).max(50);
const testIds = z.array(resourceId).min(1).max(MOST_TESTS);

const test = z
  .object({
    id: resourceId,
    workflow_id: resourceId,
    project_id: z.string(),
    name: z.string(),
    run_id: resourceId.meta({ description: 'The run that it was made of' }),
    baseline: resourceId.meta({ description: 'The run whose outputs are what should come out' }),
    compare: z.array(z.string()),
    ignore: z.array(z.string()),
    created_at: time,
    actor,
  })
  .meta({ id: 'Test' });
const tests = z.object({ items: z.array(test) }).meta({ id: 'TestList' });

const result = z
  .object({
    test_id: resourceId,
    name: z.string().nullable(),
    outcome: z.enum(['running', 'same', 'different', 'failed']),
    run_id: resourceId.nullable(),
    message: z.string().nullable(),
    parts_at: z.string().nullable().meta({ description: 'Key of the first step that came to something else' }),
    diff: differences,
  })
  .meta({ id: 'TestResult' });
const testRun = z
  .object({
    id: resourceId,
    workflow_id: resourceId,
    version: z.int().nullable().meta({ description: 'Null for the draft' }),
    definition: z.string(),
    mode: z.enum(TEST_MODES),
    created_at: time,
    actor,
    outcome: z.enum(['running', 'same', 'different', 'failed']).meta({ description: 'The worst of its cases' }),
    results: z.array(result),
  })
  .meta({ id: 'TestRun' });

const at = { tag: 'workflows', entry: 'api/tests' } as const;
const ofWorkflow = z.object({ workflow_id: resourceId });
const ofTest = ofWorkflow.extend({ test_id: resourceId });
const ofRun = ofWorkflow.extend({ test_run_id: resourceId });

export const suites = {
  addTest: operation({
    ...at,
    method: 'POST',
    path: '/v1/workflows/{workflow_id}/tests',
    summary: 'Make a test of a run that has ended',
    role: 'editor',
    act: 'test.add',
    params: ofWorkflow,
    body: z.strictObject({
      run_id: resourceId,
      name: words(100).optional(),
      compare: pointers.default([]).meta({ description: 'Places in the outputs that count; all by default' }),
      ignore: pointers.default([]).meta({ description: 'Places in the outputs that do not' }),
    }),
    responses: { 201: test },
  }),
  listTests: operation({
    ...at,
    method: 'GET',
    path: '/v1/workflows/{workflow_id}/tests',
    summary: 'Tests of a workflow, oldest first',
    params: ofWorkflow,
    responses: { 200: tests },
  }),
  deleteTest: operation({
    ...at,
    method: 'DELETE',
    path: '/v1/workflows/{workflow_id}/tests/{test_id}',
    summary: 'Delete a test, with all that it keeps of its run',
    role: 'editor',
    act: 'test.delete',
    params: ofTest,
    responses: { 204: '' },
  }),
  runTests: operation({
    ...at,
    method: 'POST',
    path: '/v1/workflows/{workflow_id}/test-runs',
    summary: 'Run the tests against the draft or a version',
    role: 'operator',
    act: 'run.start',
    params: ofWorkflow,
    body: camelCased(
      z.strictObject({
        version: z.int().min(1).max(999_999).optional().meta({ description: 'A published version instead of the draft' }),
        mode: z
          .enum(TEST_MODES)
          .default('recorded')
          .meta({ description: 'Whether outside calls are answered from the record, or made' }),
        test_ids: testIds.optional(),
      }),
    ).default({ mode: 'recorded' }),
    responses: { 202: testRun },
  }),
  getTestRun: operation({
    ...at,
    method: 'GET',
    path: '/v1/workflows/{workflow_id}/test-runs/{test_run_id}',
    summary: 'What came of each test by now',
    params: ofRun,
    responses: { 200: testRun },
  }),
  acceptTests: operation({
    ...at,
    method: 'POST',
    path: '/v1/workflows/{workflow_id}/test-runs/{test_run_id}/accept',
    summary: 'What these tests came to is what should come out of them',
    role: 'editor',
    act: 'test.accept',
    params: ofRun,
    body: z.strictObject({ test_ids: testIds }),
    responses: { 200: testRun },
  }),
};

export const testView = (one: TestCase) => viewOf(test, { ...one, projectId: one.project });

const WORST = ['failed', 'different', 'running'] as const;

export const testRunView = (run: SuiteRun, results: CaseResult[]) => ({
  ...viewOf(testRun, {
    ...run,
    outcome: WORST.find((outcome) => results.some((one) => one.outcome === outcome)) ?? 'same',
    results: results.map((one) => ({ ...one, diff: differencesView(one.diff, MOST_SHOWN) })),
  }),
});

const MOST_SHOWN = 20;
