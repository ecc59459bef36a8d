import { createHash } from 'node:crypto';
import type { Actor } from '../kernel/actor.ts';
import { canonicalJson } from '../kernel/canonical-json.ts';
import { idOf, newId } from '../kernel/id.ts';
import { notFound, Problem } from '../kernel/problem.ts';
import { Slots } from '../kernel/slots.ts';
import type { Run } from '../run/model/run.ts';
import { isTerminal, type TestMode } from '../run/model/status.ts';
import { startRun } from '../run/start/start-run.ts';
import type { Workflow } from '../workflow/workflow.ts';
import { notEnded, type SuiteServices } from './add-test.ts';
import { cutDifferences, SAME } from './difference.ts';
import { expectationOf } from './expectation.ts';
import { askedOf, type CaseResult, partingOf, type SuiteKey, type SuiteRun, type TestCase, verdictOf } from './test-case.ts';

const AT_ONCE = 10;
/** Of what is different in a case so much is shown. */
const MOST_SHOWN = 20;

export interface RunTests {
  version: number | undefined;
  mode: TestMode;
  testIds: string[] | undefined;
  actor: Actor;
  /** An idempotency key: the same key and request give the first run of the tests back. */
  key?: string | undefined;
}

export interface StartedTests {
  suite: SuiteRun;
  isRepeat: boolean;
}

/** Runs tests of a workflow against a version, or the draft. Cases that are not started here are started by whoever reads what came of them. */
export async function runTests(services: SuiteServices, workflow: Workflow, request: RunTests): Promise<StartedTests> {
  const key = keyOf(request);
  const before = key && (await services.tests.runUnder(workflow.id, key));
  if (before) return { suite: await firstRun(services, workflow, before, key), isRepeat: true };
  const suite = await newSuiteRun(services, workflow, request);
  const { earlier } = await services.tests.addRun(suite, key);
  if (earlier) return { suite: await firstRun(services, workflow, earlier, key), isRepeat: true };
  return { suite, isRepeat: false };
}

async function newSuiteRun(services: SuiteServices, workflow: Workflow, request: RunTests): Promise<SuiteRun> {
  const all = await services.tests.list(workflow.id);
  const wanted = request.testIds ?? all.map(({ id }) => id);
  const unknown = wanted.find((id) => !all.some((test) => test.id === id));
  if (unknown !== undefined) throw notFound('test', unknown);
  if (wanted.length === 0) throw noTests(workflow);
  const version = request.version === undefined ? undefined : await services.workflows.version(workflow.id, request.version);
  if (request.version !== undefined && !version) throw notFound('version', String(request.version));
  const now = services.now();
  return {
    id: newId(now.getTime()),
    workspace: workflow.workspace,
    project: workflow.project,
    workflowId: workflow.id,
    definition: version?.definition ?? workflow.draft.definition,
    version: version?.number ?? null,
    mode: request.mode,
    tests: [...new Set(wanted)],
    createdAt: now.toISOString(),
    actor: request.actor,
  };
}

export const noTests = ({ name }: Workflow) =>
  new Problem('conflict', `Workflow "${name}" has no tests. Make one of a run first.`);

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

const keyOf = ({ key, actor: _, ...asked }: RunTests): SuiteKey | undefined =>
  key === undefined ? undefined : { hash: sha256(key), bodyHash: sha256(canonicalJson(asked)) };

async function firstRun(
  { tests }: SuiteServices,
  { id }: Workflow,
  earlier: { runId: string; bodyHash: string },
  key: SuiteKey | undefined,
): Promise<SuiteRun> {
  const { runId } = earlier;
  if (earlier.bodyHash !== key?.bodyHash)
    throw new Problem('conflict', `This idempotency key was used for another request, which made test run ${runId}.`, [
      { name: 'test_run_id', value: runId },
    ]);
  const suite = await tests.run(id, runId);
  if (!suite) throw notFound('test run', runId);
  return suite;
}

/**
 * What came of each case by now. A case without a run is started: its id follows from the suite run and the case, so that there is one. Once all have
 * ended the results are kept, and stay as they are. `known`: results of a look before.
 */
export async function resultsOf(services: SuiteServices, suite: SuiteRun, known: CaseResult[] = []): Promise<CaseResult[]> {
  const settled = await services.tests.settledOf(suite);
  if (settled) return settled;
  const ended = new Map(known.filter(hasEnded).map((result) => [result.testId, result]));
  const slots = new Slots(AT_ONCE);
  const results = await Promise.all(suite.tests.map((id) => ended.get(id) ?? slots.run(() => resultOf(services, suite, id))));
  if (results.every(hasEnded)) await services.tests.settle(suite, results);
  return results;
}

const hasEnded = ({ outcome }: CaseResult) => outcome !== 'running';

async function resultOf(services: SuiteServices, suite: SuiteRun, testId: string): Promise<CaseResult> {
  const test = await services.tests.get(suite.workflowId, testId);
  const asked = test ? askedOf(test) : null;
  const result = { testId, name: test?.name ?? null, partsAt: null, diff: SAME, asked };
  if (!test) return { ...result, outcome: 'failed', runId: null, message: 'The test has been deleted.' };
  const run = await caseRun(services, suite, test).catch((error: unknown) => {
    if (error instanceof Problem && error.kind !== 'busy') return error.message;
    throw error;
  });
  if (typeof run === 'string') return { ...result, outcome: 'failed', runId: null, message: run };
  if (!isTerminal(run.status)) return { ...result, outcome: 'running', runId: run.id, message: null };
  const [expected, actual] = await Promise.all([services.tests.expectedOf(test), expectationOf(services, run)]);
  const verdict = verdictOf(test, expected, actual);
  const partsAt = verdict.outcome === 'same' ? null : partingOf(expected, actual);
  return { ...result, ...verdict, diff: cutDifferences(verdict.diff, MOST_SHOWN), runId: run.id, partsAt };
}

async function caseRun(services: SuiteServices, suite: SuiteRun, test: TestCase): Promise<Run> {
  const id = idOf(`${suite.id}/${test.id}`, Date.parse(suite.createdAt));
  const run = await services.runs.get(id);
  if (run) return run;
  const started = await startRun(services, {
    id,
    workspace: suite.workspace,
    workflowId: suite.workflowId,
    stage: 'Draft',
    definition: { definition: suite.definition, version: suite.version },
    inputs: await services.tests.inputsOf(test.id),
    name: test.name,
    fileIds: [],
    trigger: 'test',
    actor: suite.actor,
    test: { id: test.id, suite: suite.id, mode: suite.mode },
    key: { trigger: 'test', value: `${suite.id}/${test.id}`, asked: {} },
  });
  return started.run;
}

/** What these cases came to is what should come out of them from now on. */
export async function acceptResults(services: SuiteServices, suite: SuiteRun, testIds: string[]): Promise<void> {
  for (const testId of testIds) {
    const test = suite.tests.includes(testId) ? await services.tests.get(suite.workflowId, testId) : undefined;
    if (!test) throw notFound('test', testId);
    const run = await services.runs.get(idOf(`${suite.id}/${test.id}`, Date.parse(suite.createdAt)));
    if (!run) throw new Problem('conflict', `Test ${testId} has no run in this run of the tests.`);
    if (!isTerminal(run.status)) throw notEnded(run);
    if (!(await services.tests.accept(test, run.id, await expectationOf(services, run)))) throw notFound('test', testId);
  }
  await settleAgain(services, suite, testIds);
}

/** Results that are kept follow what was accepted. A reader may have kept those from before a moment ago. */
async function settleAgain(services: SuiteServices, { workflowId, id }: SuiteRun, testIds: string[]): Promise<void> {
  for (;;) {
    const suite = await services.tests.run(workflowId, id);
    const results = suite && (await services.tests.settledOf(suite));
    if (!results) return;
    const accepted = new Set(testIds);
    const next = await Promise.all(
      results.map((result) => (accepted.has(result.testId) ? resultOf(services, suite, result.testId) : result)),
    );
    if (await services.tests.settle(suite, next)) return;
  }
}
