import * as z from 'zod';
import { operation } from '../edge/route.ts';
import { actor, listQuery, page, resourceId, time, words } from '../edge/schema.ts';
import { camelCased, viewOf } from '../edge/snake-case.ts';
import { TEST_MODES } from '../run/model/status.ts';
import { differences } from './compare.http.ts';
import { type CaseResult, MOST_TESTS, OUTCOMES, type SuiteRun, type TestCase, worstOf } from './test-case.ts';

/** A JSON Pointer in which `*` stands for any name or index. */
const pointer = z
  .string()
  .max(400)
  .regex(/^(\/([^~/]|~[01])*)*$/, 'must be a JSON Pointer such as /lines/*/price');
const pointers = z.array(pointer).max(50);

/** Which places of the outputs count in a test. */
export const counted = {
  compare: pointers.default([]).meta({ description: 'Places in the outputs that count; all by default' }),
  ignore: pointers.default([]).meta({ description: 'Places in the outputs that do not' }),
};
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

const outcomes = z.enum(OUTCOMES);
const result = z
  .object({
    test_id: resourceId,
    name: z.string().nullable(),
    outcome: outcomes,
    run_id: resourceId.nullable(),
    message: z.string().nullable(),
    parts_at: z.string().nullable().meta({ description: 'Key of the first step that came to something else' }),
    diff: differences,
  })
  .meta({ id: 'TestResult' });
const testRunFields = {
  id: resourceId,
  workflow_id: resourceId,
  version: z.int().nullable().meta({ description: 'Null for the draft' }),
  definition: z.string(),
  mode: z.enum(TEST_MODES),
  created_at: time,
  actor,
};
const testRun = z
  .object({
    ...testRunFields,
    outcome: outcomes.meta({ description: 'The worst of its cases' }),
    results: z.array(result),
  })
  .meta({ id: 'TestRun' });
const testRunEntry = z
  .object({
    ...testRunFields,
    tests: z.int().meta({ description: 'How many it runs' }),
    outcome: outcomes.nullable().meta({ description: 'Null until somebody has read it with all of its cases ended' }),
  })
  .meta({ id: 'TestRunEntry' });
const testRunEntries = page(testRunEntry).meta({ id: 'TestRunList' });

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
      ...counted,
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
  getTest: operation({
    ...at,
    method: 'GET',
    path: '/v1/workflows/{workflow_id}/tests/{test_id}',
    summary: 'One test',
    params: ofTest,
    responses: { 200: test },
  }),
  changeTest: operation({
    ...at,
    method: 'PATCH',
    path: '/v1/workflows/{workflow_id}/tests/{test_id}',
    summary: 'Give a test another name, or say what counts in it',
    role: 'editor',
    act: 'test.change',
    params: ofTest,
    body: z.strictObject({ name: words(100).optional(), compare: pointers.optional(), ignore: pointers.optional() }),
    responses: { 200: test },
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
    keyed: true,
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
    responses: { 202: testRun, 200: testRun },
  }),
  listTestRuns: operation({
    ...at,
    method: 'GET',
    path: '/v1/workflows/{workflow_id}/test-runs',
    summary: 'Runs of the tests, newest first',
    params: ofWorkflow,
    query: z.strictObject(listQuery(25)),
    responses: { 200: testRunEntries },
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

export const testRunView = (run: SuiteRun, results: CaseResult[]) =>
  viewOf(testRun, { ...run, outcome: worstOf(results), results });

export const testRunEntryView = ({ settled, tests: cases, ...run }: SuiteRun) =>
  viewOf(testRunEntry, { ...run, tests: cases.length, outcome: settled?.outcome });
