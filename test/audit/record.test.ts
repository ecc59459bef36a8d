import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { recordOf } from '../../shared/audit/audit.ts';
import { OBJECT_KINDS, OBJECTS } from '../../shared/kernel/act.ts';
import { entryRecord, startRecord } from '../../shared/run/audit/acts-of-runs.ts';
import { anActor, aRun } from '../harness/builders.ts';

const NOW = new Date('2026-05-01T12:00:00.000Z');
const acting = { act: 'workflow.change' as const, actor: anActor('ann'), workspace: 'local' };
const SECRET = 'hush-hush-4711';

describe('a record', () => {
  test('shows the fields that its kind lists, hides those it hides, and tells nothing of the others', () => {
    fc.assert(
      fc.property(fc.constantFrom(...OBJECT_KINDS), fc.boolean(), (object, isNew) => {
        const { shows, hides }: { shows: readonly string[]; hides: readonly string[] } = OBJECTS[object];
        const values = (text: string) => ({
          ...Object.fromEntries(shows.map((name) => [name, `${name} ${text}`])),
          ...Object.fromEntries([...hides, 'sealed', 'hash', 'anything'].map((name) => [name, `${SECRET} ${text}`])),
        });
        const before = isNew ? undefined : values('before');
        const record = recordOf(acting, { object, id: 'x', before, after: values('after') }, NOW);
        expect(JSON.stringify(record ?? {})).not.toContain(SECRET);
        expect(Object.keys(record?.after ?? {})).toHaveLength(shows.length + hides.length);
        expect(Object.keys(record?.before ?? {})).toHaveLength(isNew ? 0 : shows.length + hides.length);
      }),
    );
  });

  test('names what has changed alone; where nothing has, there is none', () => {
    const before = { name: 'a', title: 'b', enabled: true };
    expect(recordOf(acting, { object: 'workflow', id: 'x', before, after: { ...before, enabled: false } }, NOW)).toMatchObject({
      before: { enabled: true },
      after: { enabled: false },
    });
    expect(recordOf(acting, { object: 'workflow', id: 'x', before, after: { ...before } }, NOW)).toBeUndefined();
  });

  test('is to be read: long texts and lists are cut', () => {
    const after = { name: 'n'.repeat(5_000), title: '😀'.repeat(2_000) };
    const record = recordOf(acting, { object: 'workflow', id: 'x', after }, NOW);
    expect(JSON.stringify(record).length).toBeLessThan(4_000);
    expect(String(record?.after?.['title']).isWellFormed()).toBe(true);
  });
});

describe('what people ask of runs', () => {
  const person = { ...anActor('ann'), kind: 'member' as const };
  const run = aRun({ actor: person, createdAt: NOW.toISOString() });

  test('has the same record however often it is told', () => {
    expect(startRecord(run)).toEqual(startRecord(run));
    const entry = { type: 'run_pausing' as const, at: NOW.toISOString(), actor: person, reason: 'lunch' };
    expect(entryRecord(run, entry, 7)).toEqual(entryRecord(run, entry, 7));
    expect(entryRecord(run, entry, 7)?.id).not.toBe(entryRecord(run, entry, 8)?.id);
    expect(entryRecord(run, entry, 7)).toMatchObject({ act: 'run.pause', reason: 'lunch', workspace: run.workspace });
  });

  test.each(['trigger', 'run', 'system'] as const)('is no act when a %s asks for it', (kind) => {
    const actor = { ...person, kind };
    expect(startRecord({ ...run, actor })).toBeUndefined();
    expect(entryRecord(run, { type: 'run_pausing', at: NOW.toISOString(), actor }, 1)).toBeUndefined();
  });

  test('is none of the entries that say what came of it', () => {
    const at = NOW.toISOString();
    expect(entryRecord(run, { type: 'run_ended', at, status: 'cancelled', actor: person }, 3)).toBeUndefined();
    expect(entryRecord(run, { type: 'run_paused', at }, 3)).toBeUndefined();
  });
});
