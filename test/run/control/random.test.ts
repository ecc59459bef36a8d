import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { howMany } from '../../harness/how-many.ts';
import { Installation } from '../../harness/installation.ts';
import { type StubServer, startStub } from '../../harness/stub-server.ts';
import type { Reply, Run } from '../client.ts';
import { answersTo, type Case, calleeName, calleeSteps, callsOf, cases, endOf, stepsOf } from './model.ts';
import { type Controlled, operatorOf, settled } from './operator.ts';

/** More of them in `npm run soak`. */
const ROUNDS = howMany('ROUNDS', 3);
const AT_ONCE = 6;

const setting = new Installation();
const operator = operatorOf(() => setting.api);
const originals = new Set<string>();
let stub: StubServer;
let url: string;

beforeAll(async () => {
  stub = await startStub();
  // Steps that break do so in the first run of a chain alone.
  url = stub.on('/model', ({ query }) =>
    query['breaks'] && originals.has(query['run'] ?? '') ? { status: 500 } : { afterMs: Number(query['ms'] ?? 0) },
  );
  await setting.start();
  for (const calls of [1, 2])
    await setting.api.publish({ name: calleeName(calls), input: { type: 'object' }, steps: calleeSteps(url, calls) });
});
afterAll(async () => {
  await setting.close();
  await stub.close();
});

/** The cloud may be down: asks until it answers. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const down = error instanceof TypeError || (error instanceof Error && /cloud is down/.test(error.message));
      if (!down) throw error;
      await sleep(50);
    }
  }
}

const callsBy = (id: string) => {
  const counts = new Map<string, number>();
  for (const { query } of stub.to('/model')) {
    const key = query['key'] ?? '';
    if (query['run'] === id) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
};

/** Keys of calls whose steps have passed, in the run and in the runs that its steps started. */
async function passedIn(id: string): Promise<Set<string>> {
  const passed = new Set<string>();
  for (const { key, status, child } of Object.values(await setting.api.context(id))) {
    if (status === 'succeeded') passed.add(key);
    if (child === null) continue;
    for (const inner of await passedIn(child)) passed.add(`${key}/${inner}`);
  }
  return passed;
}

interface Followed {
  run: Run;
  one: Case;
  stopAsked: boolean;
  stopAccepted: boolean;
}

/** Does to a run what the case says, and checks each answer and what `paused` promises. */
async function follow(one: Case): Promise<Followed> {
  const workflow = await patiently(() => setting.api.publish({ steps: stepsOf(one.nodes, url) }));
  const run = await patiently(() => setting.api.start(workflow));
  originals.add(run.id);
  const followed: Followed = { run, one, stopAsked: false, stopAccepted: false };
  for (const { verb, afterMs } of one.acts) {
    await sleep(afterMs);
    const allowed = answersTo(verb, followed.stopAccepted);
    const reply: Reply = await patiently(() =>
      verb === 'drain'
        ? operator.stop(run, { mode: 'graceful' })
        : verb === 'stop'
          ? operator.stop(run)
          : operator.command(run, verb),
    );
    expect(allowed, `${verb}: ${JSON.stringify(reply.body)}`).toContain(reply.status);
    if (verb === 'stop' || verb === 'drain') {
      followed.stopAsked = true;
      followed.stopAccepted ||= reply.status === 202;
    }
    if (reply.status === 409 && !followed.stopAccepted) expect(settled(await patiently(() => operator.look(run.id)))).toBe(true);
  }
  for (;;) {
    const now = await patiently(() => operator.look(run.id));
    if (settled(now)) return followed;
    if (now.status === 'paused') {
      const before = stub.to('/model').filter(({ query }) => query['run'] === run.id).length;
      await sleep(150);
      expect(stub.to('/model').filter(({ query }) => query['run'] === run.id)).toHaveLength(before);
    }
    if (now.pause !== null) await patiently(() => operator.resume(run));
    await sleep(100);
  }
}

async function checkEnd({ run, one, stopAsked, stopAccepted }: Followed, crashes: number): Promise<Controlled> {
  const ended = await operator.look(run.id);
  const wanted = endOf(one.nodes);
  if (stopAccepted && wanted.status === 'succeeded') expect(ended.status).toBe('stopped');
  if (!stopAsked || ended.status !== 'stopped')
    expect([ended.status, ended.error?.step ?? null]).toEqual([wanted.status, wanted.step]);

  const fates = await setting.api.fates(run.id);
  const counts = callsBy(run.id);
  const passed = await passedIn(run.id);
  for (const [key, count] of counts) {
    expect(callsOf(one.nodes)).toContain(key);
    expect(count, `calls of ${key}`).toBeLessThanOrEqual(1 + crashes);
    expect(fates[key] ?? '', `fate of ${key}, which was called`).not.toMatch(/blocked/);
  }
  for (const key of callsOf(one.nodes))
    if (passed.has(key)) expect(counts.get(key), `calls of ${key}, which has passed`).toBeGreaterThan(0);
  if (ended.status === 'succeeded') expect(callsOf(one.nodes).filter((key) => !passed.has(key))).toEqual([]);

  const events = await setting.api.events(run.id);
  const ids = events.map(({ id }) => id);
  expect([...new Set(ids)].toSorted((a, b) => a - b)).toEqual(ids);
  expect(events.filter(({ type }) => /^run_(succeeded|failed|cancelled|timed_out)/.test(type)).map(({ type }) => type)).toEqual([
    events.at(-1)?.type,
  ]);
  const completed = events
    .filter(({ type, skipped }) => type === 'step_completed' && !skipped)
    .map(({ scope, step }) => `${scope}${step}`);
  expect(new Set(completed).size).toBe(completed.length);
  for (const [n] of one.nodes.entries()) {
    const end = events.findIndex(({ type, step }) => type === 'step_completed' && step === `s${n}`);
    const next = events.findIndex(({ type, step }) => type === 'step_started' && step === `s${n + 1}`);
    if (next !== -1) expect(end, `s${n} completes before s${n + 1} starts`).toBeLessThan(next);
  }
  return ended;
}

/** Recovery makes the calls that are left, and no other. */
async function recover({ run, one }: Followed): Promise<void> {
  const passed = await passedIn(run.id);
  const again = await operator.again(run.id, { from: 'failed' });
  const ended = await operator.ended(again.id);
  expect(ended).toMatchObject({ status: 'succeeded', parent: run.id, attempt: 2 });
  const left = callsOf(one.nodes).filter((key) => !passed.has(key));
  expect(Object.fromEntries(callsBy(again.id))).toEqual(Object.fromEntries(left.map((key) => [key, 1])));
}

test('random workflows, controlled at random, with crashes: statuses, events and outside calls agree with the model; recovery does what is left', {
  timeout: 60_000 + ROUNDS * 60_000,
}, async () => {
  const round = fc.record({
    several: fc.array(cases, { minLength: AT_ONCE, maxLength: AT_ONCE }),
    crashAfterMs: fc.integer({ min: 100, max: 800 }),
  });
  let rounds = 0;
  let inTheMiddle = 0;
  const killed = (left: number) => {
    if (left > 0) inTheMiddle += 1;
    return setting.crash();
  };
  await fc.assert(
    fc.asyncProperty(round, async ({ several, crashAfterMs }) => {
      const kills = setting.kills;
      let left = several.length;
      const crashing = rounds % 2 === 0 && sleep(crashAfterMs).then(() => killed(left));
      rounds += 1;
      const followed = await Promise.all(
        several.map(async (one) => {
          const ended = await follow(one);
          left -= 1;
          return ended;
        }),
      );
      await crashing;
      const crashes = setting.kills - kills;
      const ends = await Promise.all(followed.map((one) => checkEnd(one, crashes)));
      await Promise.all(followed.filter((_, n) => ['failed', 'stopped'].includes(ends[n]?.status ?? '')).map(recover));
    }),
    // A round takes seconds: a counterexample that was not shrunk is good enough.
    { numRuns: ROUNDS, endOnFailure: true },
  );
  expect(rounds).toBe(ROUNDS);
  expect(setting.kills).toBe(Math.ceil(ROUNDS / 2));
  expect(inTheMiddle, 'kills while runs went on').toBeGreaterThan(0);
});
