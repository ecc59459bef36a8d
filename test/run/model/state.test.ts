import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Journal } from '../../../shared/run/journal/journal.ts';
import type { Entry } from '../../../shared/run/model/entry.ts';
import { eventOf } from '../../../shared/run/model/event.ts';
import { projectionOf } from '../../../shared/run/model/project.ts';
import { RunState, stateOf } from '../../../shared/run/model/state.ts';
import type { Plan } from '../../../shared/workflow/plan.ts';
import { anActor, aPlan, aRun } from '../../harness/builders.ts';
import { planOf, Stub } from '../follow.ts';
import { memoryEngine } from '../memory-engine.ts';
import { programsWith } from '../programs.ts';
import { recount } from '../recount.ts';
import { virtualTime } from '../virtual-time.ts';
import { seeded, World } from '../world.ts';

beforeAll(() => virtualTime.begin());
afterAll(() => virtualTime.end());

const settings = { numRuns: Number(process.env['ROUNDS'] ?? 3) * 5, endOnFailure: true };

/** The journal of a run of a random workflow whose drivers die now and then, and some places in it. */
const journals = fc.tuple(
  programsWith({ waits: true }),
  fc.nat(),
  fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 }),
);

async function journalOf(program: Parameters<typeof planOf>[0], seed: number): Promise<{ plan: Plan; entries: Entry[] }> {
  const plan = planOf(program);
  const world = new World({ seed, dies: 0.02 }, new Stub());
  const { id } = await virtualTime.through(world.start(plan));
  await world.settled([id]);
  return { plan, entries: await world.engine.journal(id) };
}

const shown = (state: RunState): unknown => JSON.parse(JSON.stringify(state.snapshot()));

describe('the state of a run', { timeout: 60_000 }, () => {
  test('is the same whether its journal is folded at once or in pieces, with snapshots between', () =>
    fc.assert(
      fc.asyncProperty(journals, async ([program, seed, places]) => {
        const { plan, entries } = await journalOf(program, seed);
        const cuts = places.map((place) => Math.floor(place * entries.length)).sort((a, b) => a - b);
        let snapshot: unknown = shown(new RunState(plan));
        for (const [n, from] of [0, ...cuts].entries())
          snapshot = shown(stateOf(plan, entries.slice(from, cuts[n] ?? entries.length), snapshot));
        expect(snapshot).toEqual(shown(stateOf(plan, entries)));
      }),
      settings,
    ));

  test('counts its steps as a recount of the whole journal does, at every moment', () =>
    fc.assert(
      fc.asyncProperty(journals, async ([program, seed, places]) => {
        const { plan, entries } = await journalOf(program, seed);
        for (const end of [...places.map((place) => Math.floor(place * entries.length)), entries.length])
          expect(stateOf(plan, entries.slice(0, end)).countSteps()).toEqual(recount(plan, entries.slice(0, end)));
      }),
      settings,
    ));

  test('stands at a step that is under way or comes next, and nowhere while it is driven or once it has ended', () =>
    fc.assert(
      fc.asyncProperty(journals, async ([program, seed]) => {
        const { plan, entries } = await journalOf(program, seed);
        const run = aRun();
        for (let end = 0; end <= entries.length; end += 1) {
          const state = stateOf(plan, entries.slice(0, end));
          const { at, status } = projectionOf(run, state);
          if (state.ended || (!state.left && status !== 'paused')) expect(at).toBeUndefined();
          else if (at !== undefined)
            expect(state.active.has(at) || (state.active.size === 0 && plan.top.includes(at))).toBe(true);
          if (status === 'waiting' && state.active.size > 0) expect(at).toBeDefined();
        }
      }),
      settings,
    ));

  test('is not changed by anything behind the end of the run', () =>
    fc.assert(
      fc.asyncProperty(journals, async ([program, seed]) => {
        const { plan, entries } = await journalOf(program, seed);
        expect(shown(stateOf(plan, [...entries, ...entries.toReversed(), ...entries]))).toEqual(shown(stateOf(plan, entries)));
      }),
      settings,
    ));

  test('has a log in which every step begins before it ends, ends once, and the run ends last', () =>
    fc.assert(
      fc.asyncProperty(journals, async ([program, seed]) => {
        const { entries } = await journalOf(program, seed);
        const events = entries.flatMap((entry, place) => eventOf(entry, place + 1) ?? []);
        const ends = events
          .filter(({ type }) => /^step_(completed|failed|cancelled)$/.test(type))
          .map(({ scope, step }) => `${scope}${step}`);
        expect(new Set(ends).size).toBe(ends.length);
        expect(events.filter(({ type }) => /^run_(succeeded|failed|cancelled|timed_out)$/.test(type))).toEqual(events.slice(-1));
        for (const { type, step, scope, skipped, id } of events)
          if (type === 'step_completed' && !skipped)
            expect(
              events.some(
                (other) => other.type === 'step_started' && other.step === step && other.scope === scope && other.id < id,
              ),
            ).toBe(true);
      }),
      settings,
    ));
});

describe('writers of one journal', () => {
  const plan = aPlan(`
  - { id: a, needs: [], set: {} }
  - { id: b, needs: [], set: {} }
`);

  test('whoever comes between, there is one order, nobody loses what he has written, and all see the same', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(), fc.array(fc.nat(3), { minLength: 4, maxLength: 30 }), async (seed, turns) => {
        const random = seeded(seed);
        const pause = () => new Promise<void>((resolve) => setTimeout(resolve, Math.floor(random() * 5)));
        const engine = memoryEngine(() => pause());
        const run = await virtualTime.through(engine.create(plan));
        const loaded = { run, entries: [] };
        const writers = [0, 1, 2, 3].map(() => new Journal(engine, plan, loaded, () => true));
        const work = turns.map(async (turn, place) => {
          await pause();
          const writer = writers[turn];
          writer?.record({ type: 'run_pausing', at: run.createdAt, actor: anActor(`${turn} ${place}`) });
          if (random() < 0.3) await writer?.look();
          await writer?.flush();
        });
        await virtualTime.through(Promise.all(work));
        await virtualTime.through(Promise.all(writers.map((writer) => writer.look())));
        const entries = await virtualTime.through(engine.journal(run.id));
        const names = entries.map((entry) => ('actor' in entry ? entry.actor?.name : ''));
        expect(names.toSorted()).toEqual(turns.map((turn, place) => `${turn} ${place}`).toSorted());
        for (const writer of writers) {
          expect(writer.isClean).toBe(true);
          expect(shown(writer.state)).toEqual(shown(stateOf(plan, entries)));
        }
      }),
      settings,
    ));
});
