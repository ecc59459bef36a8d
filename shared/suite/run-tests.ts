import type { Actor } from '../kernel/actor.ts';
import { idOf, newId } from '../kernel/id.ts';
import { notFound, Problem } from '../kernel/problem.ts';
import { Slots } from '../kernel/slots.ts';
import { Journal } from '../run/journal/journal.ts';
import type { Entry } from '../run/model/entry.ts';
import type { Run } from '../run/model/run.ts';
import { isTerminal, RUN_STATUS, type TestMode } from '../run/model/status.ts';
import type { EngineServices } from '../run/ports.ts';
import { stepsOf } from '../run/read/read-context.ts';
import { ShownValues } from '../run/shown/shown-values.ts';
import type { StartServices } from '../run/start/start-request.ts';
import { startRun } from '../run/start/start-run.ts';
import { kindOf } from '../step/registry.ts';
import type { Workflow } from '../workflow/workflow.ts';
import { SAME } from './difference.ts';
import {
  digestOf,
  type Expectation,
  MOST_TESTS,
  partingOf,
  recordingOf,
  type SuiteRun,
  type TestCase,
  type Tests,
  type Verdict,
  verdictOf,
} from './test-case.ts';

export type SuiteServices = StartServices & { tests: Tests };

/** What a case records of its run: more would not fit into what a driver holds beside the run. */
const MOST_ENTRIES = 20_000;
/** Steps of which is known where they part. */
const MOST_STEPS = 500;
const AT_ONCE = 10;

export interface NewTest {
  name?: string | undefined;
  compare: string[];
  ignore: string[];
  actor: Actor;
}

/** Makes a case of a run that has ended, with all that it needs of it: the run may go, the case stays. */
export async function addTest(services: SuiteServices, run: Run, { name, compare, ignore, actor }: NewTest): Promise<TestCase> {
  if (!isTerminal(run.status)) throw notEnded(run);
  if ((await services.tests.list(run.workflowId)).length >= MOST_TESTS)
    throw new Problem('conflict', `A workflow has ${MOST_TESTS} tests at most. Delete some first.`);
  const plan = await services.definitions.planOf(run.workflowId, run.definition);
  const entries = await entriesOf(services, run);
  const now = services.now();
  const test: TestCase = {
    id: newId(now.getTime()),
    workspace: run.workspace,
    project: run.project,
    workflowId: run.workflowId,
    name: name ?? run.reference ?? run.name,
    runId: run.id,
    compare,
    ignore,
    baseline: run.id,
    createdAt: now.toISOString(),
    actor,
  };
  const inputs = Object(await services.values.read(run.inputs));
  const recording = await recordingOf(plan, entries, services.values);
  await services.tests.add(test, { inputs, recording, expected: await expectationOf(services, run) });
  return test;
}

async function entriesOf({ runs }: EngineServices, run: Run): Promise<Entry[]> {
  const entries = await runs.entriesAfter(run.id, 0, MOST_ENTRIES + 1);
  if (entries.length <= MOST_ENTRIES) return entries;
  throw new Problem('too-large', `Run ${run.id} has more than ${MOST_ENTRIES} entries in its journal, too many for a test.`);
}

const notEnded = (run: Run) =>
  new Problem('conflict', `Run ${run.id} has not ended: it is ${RUN_STATUS[run.status].v1}.`, [
    { name: 'status', value: RUN_STATUS[run.status].v1 },
  ]);

/** What a run that has ended came to, without its secrets. */
async function expectationOf(services: EngineServices, run: Run): Promise<Expectation> {
  const [plan, loaded, shown] = await Promise.all([
    services.definitions.planOf(run.workflowId, run.definition),
    services.runs.load(run.id),
    ShownValues.of(services, run),
  ]);
  if (!loaded) throw notFound('run', run.id);
  const journal = new Journal(services, plan, loaded);
  const steps: Expectation['steps'] = [];
  for (const { key, status, state, planned } of stepsOf(journal.state).slice(0, MOST_STEPS)) {
    const [input, output] = [await journal.stored(state?.inputAt, 'input'), await journal.stored(state?.outputAt, 'output')];
    // The instant at which a wait is over is another each time.
    if (kindOf(planned.step.kind).shape === 'timer') {
      steps.push([key, status, '']);
      continue;
    }
    const values = [input && (await shown.whole(input)), output && (await shown.whole(output)), state?.error?.name];
    steps.push([key, status, digestOf(values.map((value) => value ?? null))]);
  }
  return { status: run.status, error: run.error, outputs: await shown.outputs(), steps };
}

export interface RunTests {
  version: number | undefined;
  mode: TestMode;
  testIds: string[] | undefined;
  actor: Actor;
}

/** Runs tests of a workflow against a version, or the draft. Cases that are not started here are started by whoever reads what came of them. */
export async function runTests(services: SuiteServices, workflow: Workflow, request: RunTests): Promise<SuiteRun> {
  const all = await services.tests.list(workflow.id);
  const wanted = request.testIds ?? all.map(({ id }) => id);
  const unknown = wanted.find((id) => !all.some((test) => test.id === id));
  if (unknown !== undefined) throw notFound('test', unknown);
  if (wanted.length === 0) throw new Problem('conflict', `Workflow "${workflow.name}" has no tests. Make one of a run first.`);
  const version = request.version === undefined ? undefined : await services.workflows.version(workflow.id, request.version);
  if (request.version !== undefined && !version) throw notFound('version', String(request.version));
  const now = services.now();
  const suite: SuiteRun = {
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
  await services.tests.addRun(suite);
  return suite;
}

export interface CaseResult {
  testId: string;
  name: string | null;
  outcome: Verdict['outcome'] | 'running';
  runId: string | null;
  message: string | null;
  partsAt: string | null;
  diff: Verdict['diff'];
}

/** What came of each case by now. A case without a run is started: its id follows from the suite run and the case, so that there is one. */
export async function resultsOf(services: SuiteServices, suite: SuiteRun): Promise<CaseResult[]> {
  const slots = new Slots(AT_ONCE);
  return Promise.all(suite.tests.map((id) => slots.run(() => resultOf(services, suite, id))));
}

async function resultOf(services: SuiteServices, suite: SuiteRun, testId: string): Promise<CaseResult> {
  const test = await services.tests.get(suite.workflowId, testId);
  const result = { testId, name: test?.name ?? null, partsAt: null, diff: SAME };
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
  return { ...result, ...verdict, runId: run.id, partsAt };
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
}
