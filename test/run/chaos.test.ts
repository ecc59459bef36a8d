import fc from 'fast-check';
import { afterAll, beforeAll, test } from 'vitest';
import { type Act, followModel } from './follow.ts';
import { programsWith } from './programs.ts';
import { virtualTime } from './virtual-time.ts';
import type { Chaos } from './world.ts';

beforeAll(() => virtualTime.begin());
afterAll(() => virtualTime.end());

/** More of them in `npm run soak`. */
const ROUNDS = Number(process.env['ROUNDS'] ?? 3) * 10;

const programs = programsWith({ waits: true });
const seed = fc.nat();
const busy = fc.array(
  fc.tuple(fc.nat(20_000), fc.constantFrom(300, 3_000, 60_000)).map(([from, ms]) => ({ from, to: from + ms })),
  { maxLength: 2 },
);
const acts = fc.array(
  fc.record({
    verb: fc.constantFrom<Act['verb']>('pause', 'resume', 'pause', 'resume', 'drain', 'stop'),
    afterMs: fc.constantFrom(0, 5, 100, 1_000, 10_000),
  }),
  { maxLength: 4 },
);
const nobody = fc.constant<Act[]>([]);

/** Random workflows under random faults do what the model says: status, error, outputs, the fate of every step, the number of calls. */
function holds(chaos: fc.Arbitrary<Partial<Chaos>>, people: fc.Arbitrary<Act[]> = nobody): Promise<void> {
  const follow = fc.asyncProperty(programs, chaos, people, followModel);
  return fc.assert(follow, {
    numRuns: ROUNDS,
    endOnFailure: true,
  });
}

const timeout = 20_000 + ROUNDS * 1_000;

test('random workflows do what the model says', { timeout }, () => holds(fc.constant({})));

test('they do so when drivers are killed, when answers of the stores, starts and executions are lost', { timeout }, () =>
  holds(
    fc.record({
      seed,
      dies: fc.constantFrom(0, 0.01, 0.05),
      losesAnswer: fc.constantFrom(0, 0.02),
      executionLost: fc.constantFrom(0, 0.3),
      startLost: fc.constantFrom(0, 0.3),
      latencyMs: fc.constantFrom(0, 10),
    }),
  ),
);

test('they do so when the stores refuse for up to a minute, and when invocations are short', { timeout }, () =>
  holds(fc.record({ seed, busy, lifetimeMs: fc.constantFrom(75_000, 900_000), latencyMs: fc.constant(10) })),
);

test('they do so when executions are delivered twice, and drivers called twice', { timeout }, () =>
  holds(fc.record({ seed, startTwice: fc.constant(0.5), calledTwice: fc.constant(0.3), latencyMs: fc.constantFrom(0, 10) })),
);

test('they do so when people pause and resume them, until they are stopped', { timeout }, () =>
  holds(fc.record({ seed, latencyMs: fc.constantFrom(0, 10) }), acts),
);

test('they do so when all of that comes together', { timeout }, () =>
  holds(
    fc.record({
      seed,
      busy,
      dies: fc.constant(0.02),
      losesAnswer: fc.constant(0.01),
      startLost: fc.constant(0.2),
      startTwice: fc.constant(0.2),
      calledTwice: fc.constant(0.1),
      executionLost: fc.constant(0.2),
      latencyMs: fc.constant(20),
      lifetimeMs: fc.constant(75_000),
    }),
    acts,
  ),
);
