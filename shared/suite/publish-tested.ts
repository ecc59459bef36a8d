import type { Actor } from '../kernel/actor.ts';
import { type Detail, notFound, Problem } from '../kernel/problem.ts';
import type { Diagnostic } from '../workflow/diagnostic.ts';
import { type PublishServices, publish } from '../workflow/save-workflow.ts';
import type { Version, Workflow } from '../workflow/workflow.ts';
import type { SuiteServices } from './add-test.ts';
import type { Difference } from './difference.ts';
import { noTests, resultsOf, runTests } from './run-tests.ts';
import { askedOf, type CaseResult, type SuiteRun, type TestCase } from './test-case.ts';

export type TestedPublishServices = SuiteServices & PublishServices & { sleep: (ms: number) => Promise<unknown> };

/** A call is answered within 29 seconds or not at all: what is left is for the last look and for publishing. */
const WAIT_MS = 22_000;
const LOOK_EVERY_MS = 250;

export interface TestedPublish {
  actor: Actor;
  note?: string | undefined;
  /** A run of all tests against this very draft; one is started when it is absent. */
  testRunId?: string | undefined;
}

/** Publishes the draft that was seen, once all tests of the workflow came out the same with it. Throws `conflict` with what is different, or where to ask again. */
export async function publishTested(
  services: TestedPublishServices,
  seen: Workflow,
  { actor, note, testRunId }: TestedPublish,
): Promise<{ version: Version; warnings: Diagnostic[] }> {
  const until = services.now().getTime() + WAIT_MS;
  const suite = testRunId === undefined ? await ofDraft(services, seen, actor) : await ranBefore(services, seen, testRunId);
  const results = await endedBefore(services, suite, until);
  const refusal = refusalOf(seen, suite, results, await services.tests.list(seen.id));
  if (refusal) throw refusal;
  return publish(services, seen, actor, note);
}

async function ofDraft(services: TestedPublishServices, seen: Workflow, actor: Actor): Promise<SuiteRun> {
  const { suite } = await runTests(services, seen, { version: undefined, mode: 'recorded', testIds: undefined, actor });
  return suite;
}

async function ranBefore({ tests }: TestedPublishServices, { id }: Workflow, testRunId: string): Promise<SuiteRun> {
  const suite = await tests.run(id, testRunId);
  if (!suite) throw notFound('test run', testRunId);
  return suite;
}

/** Results, all of them ended if they have by then. */
async function endedBefore(services: TestedPublishServices, suite: SuiteRun, until: number): Promise<CaseResult[]> {
  let results = await resultsOf(services, suite);
  while (results.some(({ outcome }) => outcome === 'running') && services.now().getTime() + LOOK_EVERY_MS < until) {
    await services.sleep(LOOK_EVERY_MS);
    results = await resultsOf(services, suite, results);
  }
  return results;
}

/** Why this run of the tests does not let the draft pass, if it does not. `tests`: those of the workflow as they stand now. */
function refusalOf(seen: Workflow, suite: SuiteRun, results: CaseResult[], tests: TestCase[]): Problem | undefined {
  const refused = (why: string, details: Detail[] = []) =>
    new Problem('conflict', `Workflow "${seen.name}" was not published. ${why}`, [
      { name: 'test_run_id', value: suite.id },
      ...details,
    ]);
  if (tests.length === 0) return noTests(seen);
  if (suite.definition !== seen.draft.definition)
    return refused(`Test run ${suite.id} was not of the draft as it is now. Run the tests again.`);
  if (suite.mode !== 'recorded')
    return refused(`Test run ${suite.id} made its calls for real. Run the tests in the mode "recorded".`);
  const byTest = new Map(results.map((result) => [result.testId, result]));
  const unlike = tests.find((test) => byTest.get(test.id)?.asked !== askedOf(test));
  if (unlike) {
    const why = byTest.has(unlike.id) ? 'has been changed since' : 'is not in';
    return refused(`Test ${unlike.id} (${unlike.name}) ${why} test run ${suite.id}. Run the tests again.`);
  }
  const counted = tests.flatMap(({ id }) => byTest.get(id) ?? []);
  const count = (outcome: CaseResult['outcome']) => counted.filter((result) => result.outcome === outcome).length;
  if (count('running') > 0)
    return refused(
      `${count('running')} of its ${tests.length} tests still run. Ask again with the test_run_id "${suite.id}", when they have ended.`,
    );
  const parted = counted.filter(({ outcome }) => outcome !== 'same');
  if (parted.length === 0) return undefined;
  return refused(
    `Of its ${tests.length} tests ${count('different')} came out different and ${count('failed')} failed.`,
    parted.flatMap(detailsOf),
  );
}

function detailsOf({ testId, name, outcome, message, partsAt, diff }: CaseResult): Detail[] {
  const from = partsAt === null ? '' : ` from step "${partsAt}" on`;
  const why = message === null ? '' : `. ${message}`;
  return [
    { name: 'test', value: `${testId} (${name}): ${outcome}${from}${why}` },
    ...diff.items.map((item) => ({
      name: `${testId}${item.path}`,
      value: `${sideOf(item, 'before')} -> ${sideOf(item, 'after')}`,
    })),
  ];
}

/** What a detail shows of a side: both fit into one. */
const SIDE_CHARACTERS = 200;

function sideOf(item: Difference, side: 'before' | 'after'): string {
  if (!(side in item)) return 'nothing';
  const text = JSON.stringify(item[side] ?? null);
  return text.length > SIDE_CHARACTERS ? `${text.slice(0, SIDE_CHARACTERS)}...` : text;
}
