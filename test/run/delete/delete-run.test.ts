import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { type DeleteServices, deleteRun } from '../../../shared/run/delete/delete-run.ts';
import { projection, type Run } from '../../../shared/run/model/run.ts';
import { anActor, aRun } from '../../harness/builders.ts';
import { type Disturb, MemoryRuns, MemoryValues } from '../memory-runs.ts';

const at = '2026-11-23T09:00:00.000Z';
const KEPT = 2_000_000_000;

function setting(disturb?: Disturb) {
  const values = new MemoryValues();
  const runs = new MemoryRuns(values, disturb);
  const services: DeleteServices = { runs, values };
  const stored = async (of: Partial<Run> = {}) => {
    const run = aRun({ id: ulid(), ...of });
    await runs.create(run);
    await runs.append(run.id, 0, [{ type: 'step_started', at, key: 'only' }], KEPT, 'writer');
    await values.put(run.id, 'outputs', '"large"');
    return run;
  };
  const ended = async (of: Partial<Run> = {}) => {
    const run = await stored(of);
    await runs.project(run, projection.parse({ ...run, status: 'succeeded', seen: 2, endedAt: at }), { keptUntil: KEPT });
    return run;
  };
  return { runs, values, services, stored, ended };
}

test('a run that has ended is gone with its values; to delete it again changes nothing', async () => {
  const { runs, values, services, ended } = setting();
  const [run, other] = [await ended(), await ended()];
  await deleteRun(services, run);
  expect(await runs.get(run.id)).toBeUndefined();
  expect([...values.texts.keys()]).toEqual([`runs/${other.id}/outputs.json`]);
  await deleteRun(services, run);
  expect(await runs.get(other.id)).toBeDefined();
});

test.each(['pending', 'running', 'paused', 'waiting', 'draining'] as const)('one that is %s stays whole', async (status) => {
  const { runs, values, services, stored } = setting();
  const run = await stored({ status });
  await expect(deleteRun(services, run)).rejects.toMatchObject({ kind: 'conflict', message: expect.stringContaining(status) });
  expect(await runs.load(run.id)).toMatchObject({ entries: [{ key: 'only' }] });
  expect(values.texts.size).toBe(1);
});

test('one that is held stays whole, and the refusal says by what', async () => {
  const { runs, services, ended } = setting();
  const hold = { actor: anActor('ann'), at, reason: 'audit 2026' };
  for (const run of [await ended({ hold }), await ended({ workflowHold: hold })]) {
    await expect(deleteRun(services, run)).rejects.toThrow('legal hold, placed by ann');
    await expect(deleteRun(services, run)).rejects.toThrow('audit 2026');
    expect(await runs.get(run.id)).toBeDefined();
  }
});

test('one that a live rerun goes on from stays until that has ended', async () => {
  const { runs, services, ended, stored } = setting();
  const run = await ended();
  await ended({ parent: run.id, trigger: 'rerun' });
  const rerun = await stored({ parent: run.id, trigger: 'rerun' });
  await expect(deleteRun(services, run)).rejects.toThrow(rerun.id);
  await runs.project(rerun, projection.parse({ ...rerun, status: 'failed', seen: 2, endedAt: at }), {});
  await deleteRun(services, run);
  expect(await runs.get(run.id)).toBeUndefined();
});

test('one that a live run has started stays until that has ended', async () => {
  const { services, ended, stored } = setting();
  const parent = await stored({ status: 'waiting' });
  const child = await ended({ parent: parent.id, trigger: 'parent' });
  await expect(deleteRun(services, child)).rejects.toThrow(`part of run ${parent.id}`);
});

test('one that was interrupted half-way is still there, and goes the next time', async () => {
  let broken = true;
  const { runs, values, services, ended } = setting((operation, when) => {
    if (broken && operation === 'remove' && when === 'before') throw new Error('killed');
  });
  const run = await ended();
  await expect(deleteRun(services, run)).rejects.toThrow('killed');
  expect(values.texts.size).toBe(0);
  expect(await runs.get(run.id)).toBeDefined();
  broken = false;
  await deleteRun(services, run);
  expect(await runs.get(run.id)).toBeUndefined();
});
