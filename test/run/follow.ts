import { expect } from 'vitest';
import { stringify } from 'yaml';
import { Problem } from '../../shared/kernel/problem.ts';
import { StepError } from '../../shared/kernel/step-error.ts';
import { pauseRun } from '../../shared/run/control/pause-run.ts';
import { resumeRun } from '../../shared/run/control/resume-run.ts';
import { stopRun } from '../../shared/run/control/stop-run.ts';
import { projectionOf } from '../../shared/run/model/project.ts';
import type { Run } from '../../shared/run/model/run.ts';
import { parseKey } from '../../shared/run/model/scope.ts';
import type { RunState } from '../../shared/run/model/state.ts';
import { stepsOf } from '../../shared/run/read/read-context.ts';
import { successorsOf } from '../../shared/run/rerun/again.ts';
import { checkDocument } from '../../shared/workflow/check.ts';
import { type Plan, plannedIn } from '../../shared/workflow/plan.ts';
import { anActor } from '../harness/builders.ts';
import { expected } from './model.ts';
import { documentOf, type Program } from './programs.ts';
import { recount } from './recount.ts';
import { sleep, virtualTime } from './virtual-time.ts';
import { type Asked, type Chaos, type Service, World } from './world.ts';

/** What people do to a run, and how long after they did the last. */
export interface Act {
  verb: 'pause' | 'resume' | 'stop' | 'drain';
  afterMs: number;
}

/** For so long may a driver not know what others have written, and one that is gone still be at it. */
const STALE_MS = 100;

/** Takes a run of a random workflow to its end, whatever gets in its way, and compares it with what the model says. */
export async function followModel(program: Program[], chaos: Partial<Chaos>, acts: Act[] = []): Promise<void> {
  const stub = new Stub();
  const world = new World(chaos, stub);
  const { id } = await virtualTime.through(world.start(planOf(program)));
  const isStopped = await virtualTime.through(interfere(world, id, acts));
  const [run] = await world.settled([id]);
  const state = await world.engine.state(id);
  checkPromises(world, run, state, (chaos.latencyMs ?? 0) + STALE_MS);
  if (isStopped && run.status === 'cancelled') return;
  const wanted = expected(program);
  expect({ ...(await seen(world, run, state)), calls: stub.callsOf(id) }).toEqual({ ...wanted, last: plain(wanted.last) });
}

export function planOf(program: Program[]): Plan {
  const checked = checkDocument(stringify({ format: 1, name: 'random', ...documentOf(program, 'https://stub.example') }));
  if (!checked.ok) throw new Error(checked.diagnostics.map(({ message }) => message).join('\n'));
  return checked.plan;
}

async function seen({ engine }: World, { status, error, outputs }: Run, state: RunState) {
  const fate = (word: string, reason: string | null) => (reason === null ? word : `${word}/${reason}`);
  const made = outputs && (await engine.values.read(outputs));
  return {
    status,
    error: error ? { name: error.name, step: error.step } : null,
    last: plain((made as { last?: unknown } | undefined)?.last),
    fates: Object.fromEntries(stepsOf(state).map(({ key, status: word, reason }) => [key, fate(word, reason)])),
  };
}

/** Without the instants at which waits were over, which no model knows. */
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value ?? null), (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && 'until' in inner ? 'waited' : inner,
  );

/** Fails the first calls of a step. A call that is made again after a crash is the same call, and is answered the same. */
export class Stub implements Service {
  readonly #calls = new Map<string, string[]>();

  ms({ key }: Asked): number {
    return [1, 20, 300, 2_500][key.length % 4] ?? 1;
  }

  answer({ run, key, attempt, query }: Asked): unknown {
    const name = `${run} ${query['id']}`;
    const calls = this.#calls.get(name) ?? [];
    this.#calls.set(name, calls);
    const call = `${key} ${attempt}`;
    if (!calls.includes(call)) calls.push(call);
    if (calls.indexOf(call) < Number(query['fails'])) throw new StepError('HttpServerError', 'no');
    return { status: 200, headers: {}, body: { id: query['id'] } };
  }

  callsOf(run: string): Record<string, number> {
    const own = [...this.#calls].filter(([name]) => name.startsWith(run));
    return Object.fromEntries(own.map(([name, calls]) => [name.slice(run.length + 1), calls.length]));
  }
}

/** Whether a stop was asked for. In the end somebody lets the run go on, whoever has paused it. */
async function interfere(world: World, id: string, acts: Act[]): Promise<boolean> {
  const last: Act[] = acts.some(({ verb }) => verb === 'pause') ? [{ verb: 'resume', afterMs: 600_000 }] : [];
  for (const { verb, afterMs } of [...acts, ...last]) {
    await sleep(afterMs);
    await world.operate((services) => command(services, id, verb)).catch(unlessRefused);
  }
  return acts.some(({ verb }) => verb === 'stop' || verb === 'drain');
}

async function command(services: Parameters<typeof pauseRun>[0], id: string, verb: Act['verb']): Promise<void> {
  const run = await services.runs.get(id);
  if (!run) throw new Error(`there is no run ${id}`);
  if (verb === 'pause') await pauseRun(services, run, anActor('ann'));
  else if (verb === 'resume') await resumeRun(services, run, anActor('ann'));
  else await stopRun(services, run, { mode: verb === 'stop' ? 'immediate' : 'graceful', actor: anActor('ann') });
}

function unlessRefused(error: unknown): void {
  if (!(error instanceof Problem)) throw error;
}

const ENDS = new Set(['step_completed', 'step_failed', 'step_cancelled', 'step_skipped']);

/** What holds for every run, whatever has happened to it. */
export function checkPromises(world: World, run: Run, state: RunState, slackMs = STALE_MS): void {
  expect(world.faults).toEqual([]);
  const writes = world.writes.filter((write) => write.run === run.id);
  // One order without gaps, and the end is the last of it.
  expect(writes.map(({ number }) => number)).toEqual(writes.map((_, place) => place + 1));
  expect(writes.filter(({ entry }) => entry.type === 'run_ended')).toEqual(writes.slice(-1));
  // The row is what follows from the journal, and nobody has to look at it again.
  expect(run).toMatchObject(JSON.parse(JSON.stringify(projectionOf(run, state))));
  expect(run.dueAt).toBeUndefined();
  expect([...state.active]).toEqual([]);
  expect(run.steps).toEqual(
    recount(
      state.plan,
      writes.map(({ entry }) => entry),
    ),
  );
  checkCalls(world, run, state, slackMs);
}

/** No call of what has ended, of what stands before something that has been called, of a run that pauses or has ended. */
function checkCalls(world: World, run: Run, state: RunState, slackMs: number): void {
  const { ends, standing } = historyOf(world, run.id);
  const calls = world.calls.filter((call) => call.run === run.id);
  const firsts = new Map(calls.toReversed().map((call) => [call.key, call.at]));
  // Of tens of thousands at once: as many expectations would take longer than the runs.
  const wrong: string[] = [];
  for (const { key, at, actor } of calls) {
    const what = `the call of ${key} by ${actor}`;
    if (at > (ends.get(key) ?? at) + slackMs) wrong.push(`${what}, which had ended`);
    if (standing.some(([from, to]) => at > from + slackMs && at < to)) wrong.push(`${what} while the run stood still`);
    const { scope, id } = parseKey(key);
    const planned = plannedIn(state.plan, id);
    const isLate = [...successorsOf(state.plan, planned)].some((next) => (firsts.get(scope + next) ?? at) < at - slackMs);
    if (isLate) wrong.push(`${what}, behind that of a step after it`);
    for (const need of planned.needs)
      if ((ends.get(scope + need) ?? Number.POSITIVE_INFINITY) > at) wrong.push(`${what}, which needs ${need}`);
  }
  expect(wrong).toEqual([]);
}

/** When each step has ended, and from when to when the run stood still. */
function historyOf({ writes }: World, run: string): { ends: Map<string, number>; standing: [number, number][] } {
  const ends = new Map<string, number>();
  const standing: [number, number][] = [];
  let since = Number.POSITIVE_INFINITY;
  const again: string[] = [];
  for (const { entry, at } of writes.filter((write) => write.run === run)) {
    if ('key' in entry) {
      if (ends.has(entry.key)) again.push(`${entry.type} of ${entry.key}, which had ended`);
      if (ENDS.has(entry.type)) ends.set(entry.key, at);
    }
    if (entry.type === 'run_resumed') {
      standing.push([since, at]);
      since = Number.POSITIVE_INFINITY;
    } else if (['run_pausing', 'run_draining', 'run_stopping', 'run_ended'].includes(entry.type)) since = Math.min(since, at);
  }
  expect(again).toEqual([]);
  return { ends, standing: [...standing, [since, Number.POSITIVE_INFINITY]] };
}
