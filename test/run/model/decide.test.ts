import { describe, expect, test } from 'vitest';
import { afterFailure, askedMs } from '../../../shared/run/decide/after-failure.ts';
import { type Decision, decide, type Situation } from '../../../shared/run/decide/decide.ts';
import { retryDelayMs } from '../../../shared/run/decide/failures.ts';
import { stopped } from '../../../shared/run/decide/stopped.ts';
import type { Entry } from '../../../shared/run/model/entry.ts';
import { stateOf } from '../../../shared/run/model/state.ts';
import type { Plan } from '../../../shared/workflow/plan.ts';
import { anActor, aPlan } from '../../harness/builders.ts';

const at = '2026-11-23T08:00:00.000Z';
const now = new Date('2026-11-23T08:01:00.000Z');
const later = '2026-11-23T09:00:00.000Z';
const boom = { name: 'Boom', message: 'no' };

const started = (key: string, more: object = {}): Entry => ({ type: 'step_started', at, key, ...more });
const done = (key: string): Entry => ({ type: 'step_completed', at, key, output: { json: '1' } });
const failed = (key: string, name = 'Boom'): Entry => ({ type: 'step_failed', at, key, error: { name, message: 'no' } });
const open = (key: string, count: number): Entry => started(key, { items: { json: '[]' }, itemCount: count });

function decided(plan: Plan, entries: Entry[], of: Partial<Situation> = {}): Decision {
  return decide(plan, stateOf(plan, entries), {
    now,
    random: () => 0.5,
    deadline: new Date('2026-11-24T08:00:00.000Z'),
    held: new Set(),
    room: 100,
    until: new Date('2026-11-23T10:00:00.000Z'),
    ...of,
  });
}

const begun = ({ begin }: Decision) => begin.map(({ kind, planned, scope }) => `${kind} ${scope}${planned.id}`);
const said = ({ entries }: Decision) =>
  entries.map((entry) => {
    if (entry.type === 'run_ended') return `run ${entry.status}${entry.error ? ` ${entry.error.name}` : ''}`;
    const why = 'error' in entry && entry.error ? ` ${entry.error.name}` : 'reason' in entry ? ` ${entry.reason}` : '';
    return 'key' in entry ? `${entry.type.slice(5)} ${entry.key}${why}` : entry.type;
  });

describe('which steps begin', () => {
  const graph = aPlan(`
  - { id: a, needs: [], set: {} }
  - { id: b, needs: [], set: {} }
  - { id: c, needs: [a], set: {} }
  - { id: d, needs: [a, b], set: {} }
  - { id: e, needs: [c, d], set: {} }
`);

  test('those of which all that they need has passed, in a graph that is not series-parallel too', () => {
    expect(begun(decided(graph, []))).toEqual(['start a', 'start b']);
    expect(begun(decided(graph, [done('a')]))).toEqual(['start b', 'start c']);
    expect(begun(decided(graph, [done('a'), done('c')]))).toEqual(['start b']);
    expect(begun(decided(graph, [done('a'), done('b')]))).toEqual(['start c', 'start d']);
    expect(decided(graph, ['a', 'b', 'c', 'd', 'e'].map(done)).passed).toBe(true);
  });

  test('not those that the driver is at, nor more than it has room for', () => {
    expect(begun(decided(graph, [], { held: new Set(['a']) }))).toEqual(['start b']);
    expect(begun(decided(graph, [], { room: 1 }))).toEqual(['start a']);
  });

  test('a step that its condition has skipped lets the next begin, one that was blocked does not', () => {
    const skipped = (reason: 'condition' | 'blocked'): Entry => ({ type: 'step_skipped', at, key: 'a', reason });
    expect(begun(decided(graph, [skipped('condition')]))).toEqual(['start b', 'start c']);
    expect(begun(decided(graph, [skipped('blocked')]))).toEqual(['start b']);
  });

  test('the case that a switch has taken, the branches of a parallel side by side', () => {
    const plan = aPlan(`
  - id: pick
    switch: [{ when: '\${ true }', steps: [{ id: yes, set: {} }] }, { otherwise: [{ id: no, set: {} }] }]
  - id: both
    parallel: { left: [{ id: l, set: {} }], right: [{ id: r, set: {} }] }
`);
    expect(begun(decided(plan, []))).toEqual(['start pick']);
    expect(begun(decided(plan, [started('pick', { case: 'case0' })]))).toEqual(['start yes']);
    expect(begun(decided(plan, [started('pick', { case: 'case0' }), done('yes')]))).toEqual(['close pick']);
    expect(begun(decided(plan, [done('pick'), started('both')]))).toEqual(['start l', 'start r']);
    expect(begun(decided(plan, [done('pick'), started('both'), done('r')]))).toEqual(['start l']);
  });

  test('of a loop as many items as it may execute at once, the next when one has ended', () => {
    const loop = (width: number) =>
      aPlan(`
  - id: each
    forEach: { in: '\${ $input.list }', as: n, concurrency: ${width}, steps: [{ id: x, set: {} }, { id: y, set: {} }] }
`);
    expect(begun(decided(loop(40), [open('each', 100)]))).toHaveLength(40);
    expect(begun(decided(loop(40), [open('each', 100)], { room: 7 }))).toHaveLength(7);
    const two = [open('each', 5), done('each[0]/x'), started('each[1]/x')];
    expect(begun(decided(loop(2), two, { held: new Set(['each[1]/x']) }))).toEqual(['start each[0]/y']);
    expect(begun(decided(loop(2), [...two, done('each[0]/y')], { held: new Set(['each[1]/x']) }))).toEqual(['start each[2]/x']);
    expect(begun(decided(loop(2), [open('each', 0)]))).toEqual(['close each']);
  });

  test('no leaf that would take longer than the driver has: the next driver begins it', () => {
    const plan = aPlan(`  - { id: a, timeout: 10m, set: {} }`);
    expect(decided(plan, [], { until: new Date('2026-11-23T08:05:00.000Z') })).toMatchObject({ begin: [], outOfTime: true });
    expect(decided(plan, [], { until: new Date('2026-11-23T08:11:00.000Z') }).outOfTime).toBe(false);
  });
});

describe('what comes of a failure', () => {
  const policy = { attempts: 3, delaySeconds: 2, backoff: 3, jitter: false };

  test('without a policy it is final; attempts count executions, the first included', () => {
    expect(afterFailure('Timeout', 1, undefined)).toEqual({ kind: 'fail' });
    expect([1, 2, 3, 4].map((failures) => afterFailure('Timeout', failures, policy).kind)).toEqual([
      'retry',
      'retry',
      'fail',
      'fail',
    ]);
  });

  test('an error that the policy does not name is not tried again, an interruption only when it is named', () => {
    expect(afterFailure('HttpClientError', 1, { ...policy, on: ['Timeout'] })).toEqual({ kind: 'fail' });
    expect(afterFailure('StepInterrupted', 1, policy)).toEqual({ kind: 'fail' });
    expect(afterFailure('StepInterrupted', 1, { ...policy, on: ['StepInterrupted'] })).toEqual({ kind: 'retry' });
  });

  test('the delay grows, up to its limit, and is spread over all of it when jitter is asked for', () => {
    const delays = (more: object) => [1, 2, 3].map((failures) => retryDelayMs({ ...policy, ...more }, failures, () => 0.25));
    expect(delays({})).toEqual([2_000, 6_000, 18_000]);
    expect(delays({ maxDelaySeconds: 5 })).toEqual([2_000, 5_000, 5_000]);
    expect(delays({ jitter: true })).toEqual([500, 1_500, 4_500]);
    expect(delays({ backoff: 1e9 })[2]).toBe(365 * 86_400_000);
  });

  test('what a server asks for is waited for a day at most; what is no number of seconds asks for nothing', () => {
    const asked = (retryAfterSeconds: unknown) => askedMs({ status: 429, retryAfterSeconds });
    expect([asked(7), asked(0), asked(86_400), asked(1e9)]).toEqual([7_000, 0, 86_400_000, 86_400_000]);
    expect([asked(-1), asked('7'), asked(null), askedMs(undefined), askedMs('429')]).toEqual([0, 0, 0, 0, 0]);
  });

  test('the next attempt begins when it is due, and not before', () => {
    const plan = aPlan(`  - { id: a, retry: { attempts: 2 }, set: {} }`);
    const retrying: Entry = { type: 'step_retrying', at, key: 'a', error: boom, dueAt: later };
    expect(decided(plan, [retrying])).toMatchObject({ begin: [], wakeAt: later });
    expect(begun(decided(plan, [retrying], { now: new Date(later) }))).toEqual(['start a']);
  });

  test('a group is tried again as a whole, in a scope of its own, then fails with the step in it', () => {
    const plan = aPlan(`
  - id: g
    retry: { attempts: 2, delay: 10s }
    parallel: { x: [{ id: a, set: {} }], y: [{ id: b, set: {} }] }
`);
    const first = [started('g'), started('g~1/b'), failed('g~1/a')];
    const decision = decided(plan, first);
    expect(said(decision)).toEqual(['cancelled g~1/b GROUP_FAILED', 'retrying g Boom']);
    expect(decision.entries.at(-1)).toMatchObject({ dueAt: '2026-11-23T08:01:10.000Z', error: { step: 'a' } });
    const second = [...first, ...decision.entries, started('g')];
    expect(begun(decided(plan, second))).toEqual(['start g~2/a', 'start g~2/b']);
    const last = decided(plan, [...second, done('g~2/b'), failed('g~2/a')]);
    expect(said(last)).toEqual(['failed g Boom']);
    expect(last.entries[0]).toMatchObject({ error: { step: 'a' } });
  });

  test('the first handler that names it takes it; what comes after waits for the whole handler', () => {
    const plan = aPlan(`
  - id: a
    set: {}
    catch: [{ on: [Other], steps: [{ id: o, set: {} }] }, { steps: [{ id: one, set: {} }, { id: two, set: {} }] }]
  - { id: after, set: {} }
`);
    expect(begun(decided(plan, [failed('a')]))).toEqual(['start one']);
    expect(begun(decided(plan, [failed('a', 'Other')]))).toEqual(['start o']);
    expect(begun(decided(plan, [failed('a'), done('one')]))).toEqual(['start two']);
    expect(begun(decided(plan, [failed('a'), done('one'), done('two')]))).toEqual(['start after']);
  });

  test('handlers nest, and one that fails fails the run with its own error', () => {
    const plan = aPlan(`
  - id: a
    set: {}
    catch: [{ steps: [{ id: h, set: {}, catch: [{ on: [Inner], steps: [{ id: deep, set: {} }] }] }] }]
`);
    expect(begun(decided(plan, [failed('a'), failed('h', 'Inner')]))).toEqual(['start deep']);
    expect(said(decided(plan, [failed('a'), failed('h', 'Other')]))).toEqual(['run failed Other']);
    const { entries } = decided(plan, [failed('a'), failed('h', 'Inner'), failed('deep', 'Deep')]);
    expect(entries.at(-1)).toMatchObject({ status: 'failed', error: { name: 'Deep', step: 'deep' } });
  });

  test('branches named catchAll and catch0 are branches like others', () => {
    const plan = aPlan(`
  - id: p
    parallel: { catchAll: [{ id: a, set: {} }], catch0: [{ id: b, set: {} }] }
    catch: [{ steps: [{ id: h, set: {} }] }]
  - { id: after, set: {} }
`);
    expect(begun(decided(plan, [started('p')]))).toEqual(['start a', 'start b']);
    expect(said(decided(plan, [started('p'), started('b'), failed('a')]))).toEqual(['cancelled b GROUP_FAILED', 'failed p Boom']);
    expect(begun(decided(plan, [started('p'), done('a'), done('b')]))).toEqual(['close p']);
  });

  test('uncaught, the run fails at once: what is in flight is cancelled, what could not begin is blocked', () => {
    const plan = aPlan(`
  - { id: slow, needs: [], set: {} }
  - { id: bad, needs: [], set: {} }
  - { id: last, needs: [slow, bad], set: {} }
`);
    expect(said(decided(plan, [started('slow'), failed('bad')], { held: new Set(['slow']) }))).toEqual([
      'cancelled slow RUN_FAILED',
      'skipped last blocked',
      'run failed Boom',
    ]);
  });

  test('of two failures the first one counts', () => {
    const plan = aPlan(`
  - { id: a, needs: [], set: {} }
  - { id: b, needs: [], set: {} }
`);
    expect(said(decided(plan, [failed('b', 'First'), failed('a', 'Second')]))).toEqual(['run failed First']);
  });

  test('what was in flight when its driver died is executed again, unless it says repeatable: false', () => {
    const plan = aPlan(`
  - { id: a, needs: [], set: {} }
  - { id: b, needs: [], repeatable: false, set: {} }
`);
    expect(begun(decided(plan, [started('a'), done('b')]))).toEqual(['start a']);
    expect(said(decided(plan, [done('a'), started('b')]))).toEqual(['failed b StepInterrupted']);
    expect(said(decided(plan, [done('a'), started('b')], { held: new Set(['b']) }))).toEqual([]);
  });
});

describe('timers and children', () => {
  const plan = aPlan(`
  - { id: w, needs: [], wait: 1h }
  - { id: c, needs: [], run: { workflow: other } }
`);
  const waiting = [started('w', { until: later }), started('c', { child: 'C' })];
  const ended: Entry = { type: 'child_ended', at, key: 'c', child: 'C', status: 'succeeded', name: 'other' };

  test('a wait is over at its instant, a child when its end was heard', () => {
    expect(decided(plan, waiting)).toMatchObject({ begin: [], wakeAt: later });
    expect(begun(decided(plan, waiting, { now: new Date(later) }))).toEqual(['finish w']);
    expect(begun(decided(plan, [...waiting, ended]))).toEqual(['finish c']);
    expect(begun(decided(plan, [...waiting, { ...ended, child: 'another' }]))).toEqual([]);
  });
});

describe('pause, stop and deadline', () => {
  const plan = aPlan(`
  - { id: a, needs: [], set: {} }
  - { id: b, needs: [a], set: {} }
  - { id: c, needs: [], run: { workflow: other } }
`);
  const pausing: Entry = { type: 'run_pausing', at, actor: anActor('ann') };
  const draining = (until: string): Entry => ({ type: 'run_draining', at, actor: anActor('ann'), until });
  const child = started('c', { child: 'C' });
  const past = new Date('2026-12-01T08:00:00.000Z');

  test('a run that pauses begins nothing, and is paused when nothing moves any more, children included', () => {
    expect(decided(plan, [pausing], { held: new Set(['a']) })).toMatchObject({ entries: [], begin: [] });
    expect(said(decided(plan, [pausing]))).toEqual(['run_paused']);
    expect(said(decided(plan, [child, pausing]))).toEqual([]);
    expect(said(decided(plan, [child, pausing, { type: 'child_halted', at, key: 'c', child: 'C' }]))).toEqual(['run_paused']);
    expect(decided(plan, [pausing, { type: 'run_paused', at }])).toMatchObject({ entries: [], begin: [] });
    const resumed: Entry = { type: 'run_resumed', at, actor: anActor('ann') };
    expect(begun(decided(plan, [pausing, { type: 'run_paused', at }, resumed]))).toEqual(['start a', 'start c']);
  });

  test('a run does not reach its deadline while it pauses', () => {
    expect(said(decided(plan, [pausing, { type: 'run_paused', at }], { now: past }))).toEqual([]);
    expect(said(decided(plan, [pausing, { type: 'run_paused', at }, draining(later)], { now: past }))).toContain('run cancelled');
  });

  test('a run past its deadline is timed out', () => {
    expect(said(decided(plan, [started('a')], { now: past }))).toEqual([
      'cancelled a RUN_TIMED_OUT',
      'skipped b blocked',
      'skipped c blocked',
      'run timed_out Timeout',
    ]);
  });

  test('a graceful stop lets complete what is in flight, until its time is over', () => {
    const moving = { held: new Set(['a']) };
    expect(decided(plan, [started('a'), draining(later)], moving)).toMatchObject({ entries: [], begin: [], wakeAt: later });
    expect(said(decided(plan, [done('a'), draining(later)]))).toEqual([
      'skipped b blocked',
      'skipped c blocked',
      'run cancelled',
    ]);
    expect(said(decided(plan, [started('a'), draining(at)], moving))).toEqual([
      'cancelled a DRAIN_TIMEOUT',
      'skipped b blocked',
      'skipped c blocked',
      'run cancelled DRAIN_TIMEOUT',
    ]);
  });

  test('a run that was told to stop ends as that, whatever time it is', () => {
    expect(said(decided(plan, [draining(later)], { now: past })).at(-1)).toBe('run cancelled');
  });

  test('half of an immediate stop is carried on to its end', () => {
    const begun: Entry[] = [started('a'), { type: 'driver_left', at }];
    const entries = stopped(plan, stateOf(plan, begun), { kind: 'cancelled', stop: { actor: anActor('ann') } }, now);
    expect(entries.map(({ type }) => type)).toEqual([
      'run_stopping',
      'step_cancelled',
      'step_skipped',
      'step_skipped',
      'run_ended',
    ]);
    for (let written = 1; written < entries.length; written += 1) {
      const rest = decided(plan, [...begun, ...entries.slice(0, written)]);
      expect(said(rest)).toEqual(said({ ...rest, entries: entries.slice(written) }));
    }
  });

  test('behind the end nothing is decided', () => {
    const ended: Entry = { type: 'run_ended', at, status: 'cancelled', actor: anActor('ann') };
    expect(decided(plan, [started('a'), ended])).toMatchObject({ entries: [], begin: [], passed: false });
  });
});
