import { randomBytes } from 'node:crypto';
import { ulid } from 'ulid';
import { describe, expect, test } from 'vitest';
import { parseJson } from '../../shared/kernel/json.ts';
import type { Recordings } from '../../shared/run/recorded.ts';
import { SAME } from '../../shared/suite/difference.ts';
import {
  type CaseResult,
  type Expectation,
  type Kept,
  MOST_TESTS,
  type SuiteRun,
  type TestCase,
  type Tests,
} from '../../shared/suite/test-case.ts';
import { anActor } from '../harness/builders.ts';

const AT = '2026-11-23T09:00:00.000Z';

function aTest(more: Partial<TestCase> = {}): TestCase {
  const runId = ulid();
  return {
    id: ulid(),
    workspace: 'acme',
    project: 'ops',
    workflowId: ulid(),
    name: 'order 4711',
    runId,
    compare: ['/lines/*/price'],
    ignore: ['/at'],
    baseline: runId,
    files: [],
    createdAt: AT,
    actor: anActor('ann'),
    ...more,
  };
}

const expected = (outputs: unknown): Expectation => ({ status: 'succeeded', outputs, steps: [['a', 'succeeded', 'x']] });
const kept = (more: Partial<Kept> = {}): Kept => ({
  inputs: { n: 1 },
  recording: { answers: { call: [{ output: { price: 12 } }] }, made: {} },
  expected: expected({ total: 1 }),
  ...more,
});

function aSuiteRun(more: Partial<SuiteRun> = {}): SuiteRun {
  return {
    id: ulid(),
    workspace: 'acme',
    project: 'ops',
    workflowId: ulid(),
    definition: 'd'.repeat(64),
    version: null,
    mode: 'recorded',
    tests: [ulid()],
    createdAt: AT,
    actor: anActor('ann'),
    ...more,
  };
}

const aResult = (testId = ulid(), more: Partial<CaseResult> = {}): CaseResult => ({
  testId,
  name: 'order 4711',
  outcome: 'same',
  runId: ulid(),
  message: null,
  partsAt: null,
  diff: SAME,
  asked: 'x',
  ...more,
});

/** What every keeper of tests promises. */
export function promisesOfTests(name: string, make: () => Tests & Recordings) {
  describe(`tests in ${name}`, () => {
    test('a test is read as it was written, with all that it keeps', async () => {
      const [tests, one] = [make(), aTest({ files: [ulid()] })];
      const digits = parseJson('{"id":8202522731445525542}');
      const all = kept({ inputs: { digits }, expected: expected(digits) });
      expect(await tests.add(one, all)).toBe(true);
      expect(await tests.get(one.workflowId, one.id)).toEqual(one);
      expect(await tests.list(one.workflowId)).toEqual([one]);
      expect(JSON.stringify(await tests.inputsOf(one.id))).toBe('{"digits":{"id":8202522731445525542}}');
      expect(JSON.stringify((await tests.expectedOf(one)).outputs)).toBe('{"id":8202522731445525542}');
      expect(await tests.recordingOf(one.id)).toEqual(all.recording);
    });

    test('one that is not there, or is of another workflow, is none', async () => {
      const [tests, one] = [make(), aTest()];
      await tests.add(one, kept());
      expect(await tests.get(one.workflowId, ulid())).toBeUndefined();
      expect(await tests.get(ulid(), one.id)).toBeUndefined();
      expect(await tests.list(ulid())).toEqual([]);
      expect(await tests.recordingOf(ulid())).toBeUndefined();
    });

    test('added again it is there once, and counts once', async () => {
      const [tests, one] = [make(), aTest()];
      expect(await tests.add(one, kept())).toBe(true);
      expect(await tests.add(one, kept())).toBe(true);
      expect(await tests.list(one.workflowId)).toEqual([one]);
    });

    test('so many at once that there would be too many: as many are added as fit, of the rest nothing is kept', async () => {
      const [tests, workflowId] = [make(), ulid()];
      const all = Array.from({ length: MOST_TESTS + 5 }, () => aTest({ workflowId }));
      const added: boolean[] = [];
      for (let at = 0; at < all.length; at += 15)
        added.push(...(await Promise.all(all.slice(at, at + 15).map((one) => tests.add(one, kept())))));
      expect(added.filter(Boolean)).toHaveLength(MOST_TESTS);
      expect(await tests.list(workflowId)).toHaveLength(MOST_TESTS);
      for (const [at, one] of all.entries()) {
        const recorded = await tests.recordingOf(one.id);
        expect(recorded === undefined).toBe(!added[at]);
      }
      const [first] = all.filter((_, at) => added[at]);
      const [refused] = all.filter((_, at) => !added[at]);
      if (!first || !refused) throw new Error('None was refused.');
      await tests.remove(first);
      expect(await tests.add(refused, kept())).toBe(true);
    });

    test('values of several rows come back whole; more than that is refused by name', async () => {
      const [tests, one] = [make(), aTest()];
      const noise = (bytes: number) => randomBytes(bytes).toString('base64');
      const inputs = { noise: noise(900_000) };
      await tests.add(one, kept({ inputs }));
      expect(await tests.inputsOf(one.id)).toEqual(inputs);
      await expect(tests.add(aTest(), kept({ inputs: { noise: noise(11_000_000) } }))).rejects.toThrow('10 MB');
    });

    test('what should come out is what was accepted last; the test is what it was else', async () => {
      const [tests, one, runId] = [make(), aTest(), ulid()];
      await tests.add(one, kept());
      expect(await tests.accept(one, runId, expected({ total: 2 }))).toBe(true);
      const now = { ...one, baseline: runId };
      expect(await tests.get(one.workflowId, one.id)).toEqual(now);
      expect((await tests.expectedOf(now)).outputs).toEqual({ total: 2 });
    });

    test('a change is of the name and of what counts, and of nothing else', async () => {
      const [tests, one, runId] = [make(), aTest(), ulid()];
      await tests.add(one, kept());
      await tests.accept(one, runId, expected({}));
      expect(await tests.change(one, { ...one, name: 'another', compare: [], ignore: ['/x'], runId: ulid() })).toBe(true);
      const changed = { ...one, name: 'another', compare: [], ignore: ['/x'], baseline: runId };
      expect(await tests.get(one.workflowId, one.id)).toEqual(changed);
    });

    test('of a test that is removed nothing is left, and nothing more is written; to remove it again changes nothing', async () => {
      const [tests, one] = [make(), aTest()];
      const other = aTest({ workflowId: one.workflowId });
      await tests.add(one, kept());
      await tests.add(other, kept());
      await tests.remove(one);
      await tests.remove(one);
      expect(await tests.list(one.workflowId)).toEqual([other]);
      expect(await tests.recordingOf(one.id)).toBeUndefined();
      expect(await tests.change(one, { ...one, name: 'late' })).toBe(false);
      expect(await tests.accept(one, ulid(), expected({}))).toBe(false);
      expect(await tests.get(one.workflowId, one.id)).toBeUndefined();
    });
  });

  describe(`runs of tests in ${name}`, () => {
    test('one is read as it was written', async () => {
      const [tests, run] = [make(), aSuiteRun({ version: 3, mode: 'real' })];
      expect(await tests.addRun(run)).toEqual({});
      expect(await tests.run(run.workflowId, run.id)).toEqual(run);
      expect(await tests.run(ulid(), run.id)).toBeUndefined();
      expect(await tests.settledOf(run)).toBeUndefined();
    });

    test('under one key there is one; whoever comes later is told of it', async () => {
      const [tests, workflowId, key] = [make(), ulid(), { hash: 'k', bodyHash: 'b' }];
      const [run, again] = [aSuiteRun({ workflowId }), aSuiteRun({ workflowId })];
      expect(await tests.runUnder(workflowId, key)).toBeUndefined();
      expect(await tests.addRun(run, key)).toEqual({});
      expect(await tests.addRun(run, key)).toEqual({});
      expect(await tests.addRun(again, key)).toEqual({ earlier: { runId: run.id, bodyHash: 'b' } });
      expect(await tests.run(workflowId, again.id)).toBeUndefined();
      expect(await tests.runUnder(workflowId, key)).toEqual({ runId: run.id, bodyHash: 'b' });
      expect(await tests.runUnder(ulid(), key)).toBeUndefined();
    });

    test('they are listed newest first, page by page, without the tests beside them', async () => {
      const [tests, workflowId] = [make(), ulid()];
      await tests.add(aTest({ workflowId }), kept());
      const runs = Array.from({ length: 5 }, (_, at) => aSuiteRun({ workflowId, id: ulid(Date.parse(AT) + at) }));
      for (const run of runs) await tests.addRun(run);
      const seen: string[] = [];
      let token: string | undefined;
      do {
        const page = await tests.runs(workflowId, { limit: 2, token });
        seen.push(...page.items.map(({ id }) => id));
        token = page.next;
      } while (token !== undefined);
      expect(seen).toEqual(runs.map(({ id }) => id).reverse());
      await expect(tests.runs(ulid(), { limit: 2, token: 'nonsense' })).rejects.toThrow('continuation_token');
    });

    test('results are kept with the worst of them; of two who keep some one wins', async () => {
      const [tests, run] = [make(), aSuiteRun()];
      await tests.addRun(run);
      const diff = { items: [{ path: '/a', before: parseJson('8202522731445525542') }], more: false };
      const [one, other] = [[aResult(), aResult(undefined, { outcome: 'different', diff })], [aResult()]];
      expect(await tests.settle(run, one)).toBe(true);
      expect(await tests.settle(run, other)).toBe(false);
      const settled = await tests.run(run.workflowId, run.id);
      if (!settled) throw new Error('It is gone.');
      expect(settled.settled?.outcome).toBe('different');
      expect(JSON.stringify(await tests.settledOf(settled))).toBe(JSON.stringify(one));
      expect(await tests.settle(settled, other)).toBe(true);
      expect(await tests.settle(settled, one)).toBe(false);
      const again = await tests.run(run.workflowId, run.id);
      expect(again?.settled?.outcome).toBe('same');
      expect(again && (await tests.settledOf(again))).toEqual(other);
    });

    test('results of one that is not there are not kept', async () => {
      expect(await make().settle(aSuiteRun(), [aResult()])).toBe(false);
    });
  });
}
