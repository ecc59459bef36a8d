import * as fc from 'fast-check';
import { decodeTime, encodeTime, ulid } from 'ulid';
import { beforeAll, describe, expect, test } from 'vitest';
import type { RunFilter } from '../../shared/run/list/filter.ts';
import { projection, type Run } from '../../shared/run/model/run.ts';
import { RUN_STATUSES, type RunStatus, STAGES } from '../../shared/run/model/status.ts';
import type { Runs } from '../../shared/run/ports.ts';
import { anActor, aRun } from '../harness/builders.ts';
import { howMany } from '../harness/how-many.ts';

const RUNS = 120;
const TIMES = howMany('FILTER_RUNS', 60);
const LONG_ENOUGH_MS = 30_000 + TIMES * 500;
const PROJECTS = ['ops', 'sales'] as const;
const WORKFLOWS = ['01WORKFLOWA', '01WORKFLOWB'] as const;
const TRIGGERS = ['api', 'email', 'webhook', 'rerun'] as const;
const REFERENCES = ['PO-1', 'po-1', 'PO-12', 'Invoice É', undefined] as const;
const NAMES = ['Orders', 'Po-1 again', 'Intake'] as const;
const LABELS = ['customer:acme', 'customer:Globex', 'area:po-1', 'urgent:yes'] as const;
const ERRORS = ['Boom', 'Timeout'] as const;
const MINUTE = 60_000;
const ROOTS = 3;

const pick = <T>(all: readonly T[], at: number): T => all[at % all.length] as T;

/** All the pages of a list, whose items never stand in two. */
async function allOf(runs: Pick<Runs, 'list'>, filter: RunFilter, limit: number): Promise<string[]> {
  const ids: string[] = [];
  let token: string | undefined;
  for (let pages = 0; pages < 200; pages += 1) {
    const { items, next } = await runs.list(filter, { limit, token });
    expect(items.length).toBeLessThanOrEqual(limit);
    ids.push(...items.map(({ id }) => id));
    if (next === undefined) return ids;
    token = next;
  }
  throw new Error('The list has no end.');
}

/** Runs that differ in all that they are found by, over two hours and the last minute. */
function someRun(at: number, workspace: string, roots: string[]): Run {
  const mixed = (at * 7919) % 1009;
  const ageMs = at % 5 === 0 ? 0 : mixed * (MINUTE / 8);
  // A chain begins with its oldest.
  const createdMs = Date.now() - (at < ROOTS ? (180 - at) * MINUTE : ageMs);
  const id = ulid(createdMs);
  const status = pick(RUN_STATUSES, mixed);
  const trigger = pick(TRIGGERS, mixed >> 1);
  const hasError = status === 'failed' || status === 'timed_out';
  return aRun({
    id,
    workspace,
    createdAt: new Date(createdMs).toISOString(),
    status,
    project: pick(PROJECTS, at),
    workflowId: pick(WORKFLOWS, at),
    workflowName: 'orders',
    name: pick(NAMES, mixed),
    stage: pick(STAGES, mixed >> 2),
    trigger,
    ...(trigger === 'webhook' && { triggerId: pick(['hook-1', 'hook-2'], mixed) }),
    reference: pick(REFERENCES, mixed),
    labels: LABELS.filter((_, place) => (mixed >> place) % 3 === 0),
    ...(at >= ROOTS && mixed % 7 === 0 && { archived: { actor: anActor(), at: '2026-11-27T00:00:00.000Z' } }),
    ...(hasError && { error: { name: pick(ERRORS, mixed), message: 'no' } }),
    ...(mixed % 4 === 0 && { helped: true }),
    ...(trigger === 'rerun' && { parent: pick(roots, mixed), root: pick(roots, mixed) }),
  });
}

/** The filter as a table of runs would have it: nothing but what it says, run by run. */
function plainly(all: Run[], filter: RunFilter): string[] {
  const lower = (text: string | undefined) => text?.toLowerCase();
  const conditions: ((run: Run) => boolean)[] = [
    (run) => run.workspace === filter.workspace,
    (run) => !filter.project || run.project === filter.project,
    (run) => !filter.workflowId || run.workflowId === filter.workflowId,
    (run) => !filter.status || filter.status.includes(run.status),
    (run) => !filter.stage || run.stage === filter.stage,
    (run) => !filter.trigger || run.trigger === filter.trigger,
    (run) => !filter.triggerId || run.triggerId === filter.triggerId,
    (run) => !filter.error || run.error?.name === filter.error,
    (run) => !filter.unaided || (run.status === 'succeeded' && run.trigger !== 'rerun' && !run.helped),
    (run) => !filter.parent || run.parent === filter.parent,
    (run) => !filter.root || run.root === filter.root || run.id === filter.root,
    (run) => filter.archived === 'any' || (run.archived !== undefined) === (filter.archived ?? false),
    (run) => (filter.labels ?? []).every((label) => run.labels.includes(label)),
    (run) => !filter.from || decodeTime(run.id) >= Date.parse(filter.from),
    (run) => !filter.to || decodeTime(run.id) <= Date.parse(filter.to),
    (run) => !filter.id || (filter.id.isPrefix ? run.id.startsWith(filter.id.text) : run.id === filter.id.text),
    ({ reference }) => {
      if (!filter.reference) return true;
      const { text, isPrefix } = filter.reference;
      return isPrefix ? lower(reference)?.startsWith(text.toLowerCase()) === true : lower(reference) === text.toLowerCase();
    },
  ];
  const found = all.filter((run) => conditions.every((condition) => condition(run)));
  const q = lower(filter.q);
  const named = q === undefined ? [] : found.filter((run) => lower(run.id) === q || lower(run.reference) === q);
  const holding = ({ id, name, reference, labels }: Run) =>
    q === undefined ||
    (q.length >= 6 && lower(id)?.startsWith(q)) ||
    [name, reference, ...labels].some((text) => lower(text)?.includes(q));
  return (named.length > 0 ? named : found.filter(holding))
    .map(({ id }) => id)
    .toSorted()
    .toReversed();
}

/** What every adapter of the port `Runs` promises of filters: whatever they are, the list is what a look at every run would give. */
export function promisesOfFilters(open: () => Runs) {
  describe('filters', () => {
    const workspace = ulid();
    const all: Run[] = [];

    beforeAll(async () => {
      for (let at = 0; at < RUNS; at += 1) {
        const roots = all.slice(0, ROOTS).map(({ id }) => id);
        const run = someRun(at, workspace, roots.length > 0 ? roots : [ulid()]);
        await open().create({ ...run, status: 'pending', error: undefined, archived: undefined });
        if (run.archived) await open().change(run, { archived: run.archived });
        await open().project(run, projection.parse({ ...run, seen: 1 }), {});
        all.push(run);
      }
      for (let at = 0; at < 10; at += 1) await open().create({ ...someRun(at, ulid(), [ulid()]), workflowId: ulid() });
    });

    const one = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: undefined, freq: 3 });
    const filters = () =>
      fc.record({
        workspace: fc.constant(workspace),
        project: one(PROJECTS),
        workflowId: one(WORKFLOWS),
        status: fc.option(fc.uniqueArray(fc.constantFrom<RunStatus[]>(...RUN_STATUSES), { minLength: 1, maxLength: 4 }), {
          nil: undefined,
        }),
        stage: one(STAGES),
        trigger: one(TRIGGERS),
        triggerId: one(['hook-1', 'hook-2', 'hook-3']),
        reference: one([
          { text: 'PO-1', isPrefix: false },
          { text: 'po-1', isPrefix: true },
          { text: 'invoice é', isPrefix: false },
          { text: '', isPrefix: true },
          { text: 'none', isPrefix: false },
        ]),
        id: one([
          { text: all[3]?.id ?? '', isPrefix: false },
          { text: all[4]?.id.slice(0, 8) ?? '', isPrefix: true },
          { text: encodeTime(Date.now()).slice(0, 6), isPrefix: true },
          { text: ulid(), isPrefix: false },
        ]),
        error: one(ERRORS),
        unaided: one([true as const]),
        parent: one(all.slice(0, ROOTS).map(({ id }) => id)),
        root: one(all.slice(0, ROOTS).map(({ id }) => id)),
        labels: fc.option(fc.uniqueArray(fc.constantFrom<string[]>(...LABELS), { maxLength: 2 }), { nil: undefined }),
        archived: one([false, true, 'any' as const]),
        from: one([30, 90].map((ago) => new Date(Date.now() - ago * MINUTE).toISOString())),
        to: one([1, 60].map((ago) => new Date(Date.now() - ago * MINUTE).toISOString())),
        q: one(['po-1', 'PO-12', 'intake', all[5]?.id ?? '', all[6]?.id.slice(0, 9).toLowerCase() ?? '', 'nothing like it']),
      });
    /** Few of them at once, or next to nothing would ever be found. */
    const combinations = () =>
      fc.record({ filter: filters(), kept: fc.uniqueArray(fc.nat(16), { maxLength: 3 }) }).map(({ filter, kept }) => {
        const names = Object.keys(filter).filter((name) => name !== 'workspace');
        const left = new Set(['workspace', ...kept.map((at) => names[at] ?? '')]);
        return Object.fromEntries(Object.entries(filter).filter(([name]) => left.has(name))) as unknown as RunFilter;
      });

    test(
      'in any combination list what a look at every run would',
      async () => {
        await fc.assert(
          fc.asyncProperty(combinations(), fc.constantFrom(5, 20, 100), async (filter, limit) => {
            expect(await allOf(open(), filter, limit)).toEqual(plainly(all, filter));
          }),
          { numRuns: TIMES },
        );
      },
      LONG_ENOUGH_MS,
    );

    test(
      'count what they list, and show the newest of it',
      async () => {
        await fc.assert(
          fc.asyncProperty(combinations(), fc.constantFrom(1, 40, 1000), async (filter, most) => {
            const expected = plainly(all, filter);
            expect(await open().count(filter)).toEqual({ count: expected.length, exact: true });
            const { items, searchedTo } = await open().newest(filter, most);
            const ids = items.map(({ id }) => id);
            expect(ids).toEqual(expected.slice(0, ids.length));
            if (ids.length < expected.length)
              expect(Date.parse(searchedTo ?? '')).toBeGreaterThanOrEqual(decodeTime(expected[ids.length] ?? ''));
          }),
          { numRuns: Math.ceil(TIMES / 2) },
        );
      },
      LONG_ENOUGH_MS,
    );

    test.each<[string, Omit<RunFilter, 'workspace'>]>([
      ['a reference without regard to case', { reference: { text: 'po-1', isPrefix: false } }],
      ['the beginning of a reference', { reference: { text: 'PO', isPrefix: true } }],
      ['several states', { status: ['failed', 'timed_out', 'succeeded'] }],
      ['states that are rare', { status: ['failed', 'waiting'] }],
      ['an error', { error: 'Boom' }],
      ['a trigger with settings', { trigger: 'webhook', triggerId: 'hook-1' }],
      ['a word of a name', { q: 'take' }],
      ['labels, all of them', { labels: ['customer:acme', 'urgent:yes'] }],
      ['a word of a label', { q: 'globex' }],
      ['archived runs', { archived: true }],
      ['a reference, in the one box', { q: 'PO-1' }],
    ])('find %s', async (_, filter) => {
      const expected = plainly(all, { workspace, ...filter });
      expect(expected.length).toBeGreaterThan(0);
      expect(await allOf(open(), { workspace, ...filter }, 10)).toEqual(expected);
    });

    test('find a run by the labels that it has now, and by none that it had', async () => {
      const other = ulid();
      const run = aRun({ workspace: other, labels: ['customer:acme', 'area:north'] });
      await open().create(run);
      const labelled = (label: string) => allOf(open(), { workspace: other, labels: [label] }, 5);
      expect(await labelled('area:north')).toEqual([run.id]);
      expect(await open().change(run, { labels: ['customer:acme', 'urgent:yes'], name: 'Another' })).toBe(true);
      // Whoever has seen other labels changes them all the same, when nothing is said of those that were.
      expect(await open().change(run, { labels: ['urgent:yes', 'urgent:no'] })).toBe(true);
      const found = await Promise.all(['customer:acme', 'area:north', 'urgent:yes', 'urgent:no'].map(labelled));
      expect(found).toEqual([[], [], [run.id], [run.id]]);
      expect(await open().change(run, { labels: [] })).toBe(true);
      expect(await labelled('urgent:yes')).toEqual([]);
    });

    test('find a run by the error it has ended with', async () => {
      const other = ulid();
      const run = aRun({ workspace: other });
      await open().create(run);
      const failed = (error: string) => allOf(open(), { workspace: other, error }, 5);
      expect(await failed('Boom')).toEqual([]);
      const error = { name: 'Boom', message: 'no' };
      await open().project(run, projection.parse({ ...run, seen: 1, status: 'failed', error }), {});
      expect([await failed('Boom'), await failed('Other')]).toEqual([[run.id], []]);
    });

    test('find a run by its id, whole or in part, and by the chain it began', async () => {
      const [first, second] = all;
      if (!first || !second) throw new Error('Nothing was stored.');
      expect(await allOf(open(), { workspace, id: { text: second.id, isPrefix: false } }, 5)).toEqual([second.id]);
      expect(await allOf(open(), { workspace, q: second.id.toLowerCase() }, 5)).toEqual([second.id]);
      expect(await allOf(open(), { workspace, id: { text: second.id.slice(0, 20), isPrefix: true } }, 5)).toEqual([second.id]);
      expect(await allOf(open(), { workspace: ulid(), id: { text: second.id, isPrefix: false } }, 5)).toEqual([]);
      const chain = await allOf(open(), { workspace, root: first.id }, 5);
      expect(chain).toContain(first.id);
      expect(chain).toEqual(plainly(all, { workspace, root: first.id }));
    });
  });
}
