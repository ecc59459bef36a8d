import * as z from 'zod';
import { deleteRun, reasonToKeep } from '../../run/delete/delete-run.ts';
import type { TestCase } from '../../suite/test-case.ts';
import type { JobServices } from '../ports.ts';
import { runVerb } from '../verb.ts';

/** Tests by workflow, each list asked for once. */
function testsBy({ tests }: JobServices): (workflowId: string) => Promise<TestCase[]> {
  const known = new Map<string, Promise<TestCase[]>>();
  return (workflowId) => {
    const list = known.get(workflowId) ?? tests.list(workflowId);
    known.set(workflowId, list);
    return list;
  };
}

export const deletion = runVerb({
  role: 'admin',
  word: 'run.delete',
  params: z.object({}),
  remember: testsBy,
  exclusion: async (services, run) => (await reasonToKeep(services, run))?.replace(/\b[0-9A-HJKMNP-TV-Z]{26}\b/, 'that'),
  async act(services, run) {
    await deleteRun(services, run);
    return undefined;
  },
  done: (run) => (run === undefined ? {} : undefined),
  async loss({ comments, values }, { id, workflowId }, testsOf) {
    const [count, { count: stored, bytes }, tests] = await Promise.all([
      comments.count(id),
      values.measure(id),
      testsOf(workflowId),
    ]);
    const made = tests.filter(({ runId, baseline }) => runId === id || baseline === id);
    return { comments: count, values: stored, valueBytes: bytes, tests: made };
  },
});
