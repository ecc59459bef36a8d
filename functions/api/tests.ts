import type { RequestOf } from '../../shared/api/request-of.ts';
import { type Answer, accepted, created, noContent, ok } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import { isResourceId, pageView } from '../../shared/edge/schema.ts';
import { actorOf } from '../../shared/kernel/actor.ts';
import { notFound } from '../../shared/kernel/problem.ts';
import { runOf } from '../../shared/run/visible.http.ts';
import { type SuiteServices, addTest as testAdded } from '../../shared/suite/add-test.ts';
import { removeTest } from '../../shared/suite/remove-test.ts';
import * as suite from '../../shared/suite/run-tests.ts';
import { suites, testRunEntryView, testRunView, testView } from '../../shared/suite/tests.http.ts';
import { workflowOf } from '../../shared/workflow/visible.http.ts';
import { engineServices, recorder, tests } from '../adapters.ts';

type Services = SuiteServices;

export async function addTest({ params, body, caller }: RequestOf<'addTest'>, services: Services) {
  const workflow = await workflowOf(services, caller, params.workflow_id);
  const run = await runOf(services, caller, body.run_id, workflow.id);
  return created(testView(await testAdded(services, run, { ...body, actor: actorOf(caller) })));
}

export async function listTests({ params, caller }: RequestOf<'listTests'>, services: Services) {
  const { id } = await workflowOf(services, caller, params.workflow_id);
  return ok({ items: (await services.tests.list(id)).map(testView) });
}

export async function getTest({ params, caller }: RequestOf<'getTest'>, services: Services) {
  return ok(testView(await testOf(services, caller, params)));
}

export async function changeTest({ params, body, caller }: RequestOf<'changeTest'>, services: Services) {
  const test = await testOf(services, caller, params);
  const { name = test.name, compare = test.compare, ignore = test.ignore } = body;
  const next = { ...test, name, compare, ignore };
  if (!(await services.tests.change(test, next))) throw notFound('test', test.id);
  return ok(testView(next));
}

export async function deleteTest({ params, caller }: RequestOf<'deleteTest'>, services: Services) {
  await removeTest(services, await testOf(services, caller, params));
  return noContent();
}

async function testOf(
  services: Services,
  caller: RequestOf<'getTest'>['caller'],
  { workflow_id, test_id }: RequestOf<'getTest'>['params'],
) {
  const { id } = await workflowOf(services, caller, workflow_id);
  const test = await services.tests.get(id, test_id);
  if (!test) throw notFound('test', test_id);
  return test;
}

export async function runTests({ params, body, caller, idempotencyKey }: RequestOf<'runTests'>, services: Services) {
  const workflow = await workflowOf(services, caller, params.workflow_id);
  const { version, mode, testIds } = body;
  const request = { version, mode, testIds, actor: actorOf(caller), key: idempotencyKey };
  const { suite: run, isRepeat } = await suite.runTests(services, workflow, request);
  const view = testRunView(run, await suite.resultsOf(services, run));
  return isRepeat ? replayed(view) : accepted(view);
}

/** A repeated request gets the run of the first, and is told so. */
const replayed = (body: unknown): Answer => ({ status: 200, body, headers: { 'idempotent-replay': 'true' } });

export async function listTestRuns({ params, query, caller }: RequestOf<'listTestRuns'>, services: Services) {
  const { id } = await workflowOf(services, caller, params.workflow_id);
  const page = await services.tests.runs(id, { limit: query.limit, token: query.continuation_token });
  return ok(pageView(page, testRunEntryView));
}

export async function getTestRun({ params, caller }: RequestOf<'getTestRun'>, services: Services) {
  const run = await testRunOf(services, caller, params);
  return ok(testRunView(run, await suite.resultsOf(services, run)));
}

export async function acceptTests({ params, body, caller }: RequestOf<'acceptTests'>, services: Services) {
  const run = await testRunOf(services, caller, params);
  await suite.acceptResults(services, run, body.test_ids);
  const now = (await services.tests.run(run.workflowId, run.id)) ?? run;
  return ok(testRunView(now, await suite.resultsOf(services, now)));
}

async function testRunOf(
  services: Services,
  caller: RequestOf<'getTestRun'>['caller'],
  { workflow_id, test_run_id: id }: RequestOf<'getTestRun'>['params'],
) {
  const workflow = await workflowOf(services, caller, workflow_id);
  const run = isResourceId(id) ? await services.tests.run(workflow.id, id) : undefined;
  if (!run) throw notFound('test run', id);
  return run;
}

export const handler = http(
  suites,
  { addTest, listTests, getTest, changeTest, deleteTest, runTests, listTestRuns, getTestRun, acceptTests },
  (): Services => ({ ...engineServices(), tests: tests() }),
  recorder,
);
