import fc from 'fast-check';
import { expect, test } from 'vitest';
import { howMany } from '../harness/how-many.ts';
import { expected } from './model.ts';
import { documentOf, type Program, programs } from './programs.ts';
import { setting } from './setting.ts';

const at = setting();

/** More of them in `npm run soak`. */
const ROUNDS = howMany('ROUNDS', 6);
const AT_ONCE = 5;

async function follow(program: Program[]): Promise<void> {
  const run = await at.api.through(documentOf(program, `${at.stub.url}/random`));
  const wanted = expected(program);
  const calls: Record<string, number> = {};
  for (const { query } of at.stub.to('/random').filter((call) => call.query['run'] === run.id)) {
    const id = query['id'] ?? '';
    calls[id] = (calls[id] ?? 0) + 1;
  }
  const error = run.error && { name: run.error.name, step: run.error.step };
  const fates = await at.api.fates(run.id);
  expect({ status: run.status, error, last: run.outputs?.['last'], fates, calls }).toEqual(wanted);

  const ids = (await at.api.events(run.id)).map(({ id }) => id);
  expect([...new Set(ids)].sort((a, b) => a - b)).toEqual(ids);
}

test('random workflows do what the model says: status, output, the fate of every step, the number of calls', {
  timeout: 60_000 + ROUNDS * 20_000,
}, async () => {
  const made = new Map<string, number>();
  at.stub.on('/random', ({ query }) => {
    const key = `${query['run']} ${query['id']}`;
    const calls = (made.get(key) ?? 0) + 1;
    made.set(key, calls);
    return calls <= Number(query['fails']) ? { status: 500 } : { body: { id: query['id'] } };
  });
  const several = fc.array(programs, { minLength: AT_ONCE, maxLength: AT_ONCE });
  let followed = 0;
  await fc.assert(
    fc.asyncProperty(several, async (all) => {
      await Promise.all(all.map(follow));
      followed += all.length;
    }),
    // Every attempt takes a second or more: a counterexample that was not shrunk is good enough.
    { numRuns: ROUNDS, endOnFailure: true },
  );
  expect(followed).toBe(ROUNDS * AT_ONCE);
  expect(made.size, 'steps that called').toBeGreaterThan(0);
});
