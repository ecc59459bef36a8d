import { expect, test } from 'vitest';
import { decide } from '../../../shared/run/decide/decide.ts';
import { Journal } from '../../../shared/run/journal/journal.ts';
import type { Entry } from '../../../shared/run/model/entry.ts';
import { anActor, aPlan } from '../../harness/builders.ts';
import { memoryEngine } from '../memory-engine.ts';

const plan = aPlan(`
  - id: group
    needs: []
    parallel: { one: [{ id: bad, raise: { error: Boom, message: no } }] }
    catch: [{ steps: [{ id: mend, set: {} }] }]
  - { id: call, needs: [], http: { method: GET, url: 'https://stub.example' } }
`);
const at = '2026-11-23T08:00:00.000Z';
const started = (key: string): Entry => ({ type: 'step_started', at, key });
const failed = (key: string): Entry => ({ type: 'step_failed', at, key, error: { name: 'Boom', message: 'no' } });
const completed = (key: string): Entry => ({ type: 'step_completed', at, key, output: { json: 'null' } });

test('when somebody has written meanwhile, what stands on a conclusion is done anew with it; what has happened outside is kept', async () => {
  const engine = memoryEngine();
  const run = await engine.create(plan);
  const journal = new Journal(engine, plan, { run, entries: [] });
  const { revision } = journal;
  for (const entry of [started('group'), started('bad'), failed('bad')]) journal.derive(entry, revision);
  journal.record(started('call'));
  journal.conclude(failed('group'));
  journal.derive(started('mend'), revision);
  journal.record(completed('call'));

  await engine.runs.append(
    run.id,
    0,
    [
      { type: 'run_pausing', at, actor: anActor() },
      { type: 'run_resumed', at, actor: anActor() },
    ],
    0,
    'writer',
  );
  await journal.flush();
  // It was under way still.
  journal.derive(completed('mend'), revision);

  const told = (await engine.journal(run.id)).map((entry) => `${entry.type} ${'key' in entry ? entry.key : entry.type}`);
  expect(told.slice(2)).toEqual([
    'step_started group',
    'step_started bad',
    'step_failed bad',
    'step_started call',
    'step_completed call',
  ]);
  const now = new Date(at);
  const { entries } = decide(plan, journal.state, {
    now,
    random: () => 0,
    deadline: new Date(now.getTime() + 60_000),
    held: new Set(),
    room: 100,
    until: new Date(now.getTime() + 60_000),
  });
  expect(entries).toMatchObject([{ type: 'step_failed', key: 'group' }]);
});
