import type { RequestOf } from '../../shared/api/request-of.ts';
import { accepted, created, noContent, ok } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import { isResourceId } from '../../shared/edge/schema.ts';
import { actorOf } from '../../shared/kernel/actor.ts';
import { notFound } from '../../shared/kernel/problem.ts';
import { runOf } from '../../shared/run/visible.http.ts';
import * as suite from '../../shared/suite/run-tests.ts';
import { suites, testRunView, testView } from '../../shared/suite/tests.http.ts';
import { workflowOf } from '../../shared/workflow/visible.http.ts';
import { engineServices, recorder, tests } from '../adapters.ts';

type Services = suite.SuiteServices;

export async function addTest({ params, body, caller }: RequestOf<'addTest'>, services: Services) {
  const workflow = await workflowOf(services, caller, params.workflow_id);
  const run = await runOf(services, caller, body.run_id, workflow.id);
  return created(testView(await suite.addTest(services, run, { ...body, actor: actorOf(caller) })));
}

export async function listTests({ params, caller }: RequestOf<'listTests'>, services: Services) {
  const { id } = await workflowOf(services, caller, params.workflow_id);
  return ok({ items: (await services.tests.list(id)).map(testView) });
}

export async function deleteTest({ params, caller }: RequestOf<'deleteTest'>, services: Services) {
  const { id } = await workflowOf(services, caller, params.workflow_id);
  const test = await services.tests.get(id, params.test_id);
  if (!test) throw notFound('test', params.test_id);
  await services.tests.remove(test);
  return noContent();
}

export async function runTests({ params, body, caller }: RequestOf<'runTests'>, services: Services) {
  const workflow = await workflowOf(services, caller, params.workflow_id);
  const { version, mode, testIds } = body;
  const run = await suite.runTests(services, workflow, { version, mode, testIds, actor: actorOf(caller) });
  return accepted(testRunView(run, await suite.resultsOf(services, run)));
}

export async function getTestRun({ params, caller }: RequestOf<'getTestRun'>, services: Services) {
  const run = await testRunOf(services, caller, params);
  return ok(testRunView(run, await suite.resultsOf(services, run)));
}

export async function acceptTests({ params, body, caller }: RequestOf<'acceptTests'>, services: Services) {
  const run = await testRunOf(services, caller, params);
  await suite.acceptResults(services, run, body.test_ids);
  return ok(testRunView(run, await suite.resultsOf(services, run)));
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
  { addTest, listTests, deleteTest, runTests, getTestRun, acceptTests },
  (): Services => ({ ...engineServices(), tests: tests() }),
  recorder,
);
