import { copyFiles, dropCopies } from '../file/copies.ts';
import type { Actor } from '../kernel/actor.ts';
import { newId } from '../kernel/id.ts';
import { parseJson } from '../kernel/json.ts';
import { Problem } from '../kernel/problem.ts';
import type { Entry } from '../run/model/entry.ts';
import type { Run } from '../run/model/run.ts';
import { isTerminal, RUN_STATUS } from '../run/model/status.ts';
import type { EngineServices } from '../run/ports.ts';
import { type Recording, recording } from '../run/recorded.ts';
import type { StartServices } from '../run/start/start-request.ts';
import { expectationOf } from './expectation.ts';
import { type Kept, MOST_TESTS, recordingOf, type TestCase, type Tests } from './test-case.ts';

export type SuiteServices = StartServices & { tests: Tests };

/** What a case records of its run: more would not fit into what a driver holds beside the run. */
const MOST_ENTRIES = 20_000;

export interface NewTest {
  /** The id that it shall have: one that is there already is the answer. */
  id?: string | undefined;
  name?: string | undefined;
  compare: string[];
  ignore: string[];
  actor: Actor;
}

/** Makes a case of a run that has ended, with all that it needs of it: the run may go, the case stays. */
export async function addTest(
  services: SuiteServices,
  run: Run,
  { id, name, compare, ignore, actor }: NewTest,
): Promise<TestCase> {
  if (!isTerminal(run.status)) throw notEnded(run);
  const made = id === undefined ? undefined : await services.tests.get(run.workflowId, id);
  if (made) return made;
  if ((await services.tests.list(run.workflowId)).length >= MOST_TESTS) throw full();
  const now = services.now();
  const test: TestCase = {
    id: id ?? newId(now.getTime()),
    workspace: run.workspace,
    project: run.project,
    workflowId: run.workflowId,
    name: name ?? run.reference ?? run.name,
    runId: run.id,
    compare,
    ignore,
    baseline: run.id,
    files: [],
    createdAt: now.toISOString(),
    actor,
  };
  const entries = await entriesOf(services, run);
  const copies = await copyFiles(services.files, await filesOf(services, run), test);
  const files = [...copies.values()];
  try {
    const kept = await keptOf(services, run, entries, renaming(copies));
    if (!(await services.tests.add({ ...test, files }, kept))) throw full();
    return { ...test, files };
  } catch (error) {
    if (error instanceof Problem) await dropCopies(services.files, files, test);
    throw error;
  }
}

/** Why no case can be made of a run, in words that many runs share. */
export function reasonAgainst({ status, seen }: Pick<Run, 'status' | 'seen'>): string | undefined {
  if (!isTerminal(status)) return `It has not ended: it is ${RUN_STATUS[status].v1}.`;
  return seen > MOST_ENTRIES ? TOO_LONG : undefined;
}

const TOO_LONG = `It has more than ${MOST_ENTRIES} entries in its journal, too many for a test.`;

export const FULL = `A workflow has ${MOST_TESTS} tests at most. Delete some first.`;
const full = () => new Problem('conflict', FULL);

export const notEnded = (run: Run) =>
  new Problem('conflict', `Run ${run.id} has not ended: it is ${RUN_STATUS[run.status].v1}.`, [
    { name: 'status', value: RUN_STATUS[run.status].v1 },
  ]);

async function entriesOf({ runs }: EngineServices, run: Run): Promise<Entry[]> {
  const entries = await runs.entriesAfter(run.id, 0, MOST_ENTRIES + 1);
  if (entries.length <= MOST_ENTRIES) return entries;
  throw new Problem('too-large', `Run ${run.id} cannot become a test. ${TOO_LONG}`);
}

/** The files that a run was given; one that ran a test was given those that the test keeps. */
async function filesOf({ tests }: SuiteServices, { workflowId, fileIds, test }: Run): Promise<string[]> {
  return test ? ((await tests.get(workflowId, test.id))?.files ?? []) : fileIds;
}

async function keptOf(services: SuiteServices, run: Run, entries: Entry[], renamed: (value: unknown) => unknown): Promise<Kept> {
  const plan = await services.definitions.planOf(run.workflowId, run.definition);
  const heard: Recording = await recordingOf(plan, entries, services.values);
  return {
    inputs: Object(renamed(await services.values.read(run.inputs))),
    recording: recording.parse(renamed(heard)),
    expected: await expectationOf(services, run, renamed),
  };
}

/** Values with the ids of copies in the place of those of the files that they were made of: no other text has 26 characters like that. */
function renaming(copies: ReadonlyMap<string, string>): (value: unknown) => unknown {
  if (copies.size === 0) return (value) => value;
  return (value) =>
    parseJson([...copies].reduce((text, [file, copy]) => text.replaceAll(file, copy), JSON.stringify(value ?? null)));
}
