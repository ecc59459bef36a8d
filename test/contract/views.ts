import { ulid } from 'ulid';
import { describe, expect, test } from 'vitest';
import { type SavedViews, viewAfter } from '../../shared/view/saved-view.ts';
import { anActor } from '../harness/builders.ts';

/** What every adapter of the port `SavedViews` promises. */
export function promisesOfViews(open: () => SavedViews) {
  describe('saved views', () => {
    const owner = anActor();
    const now = new Date('2026-11-23T08:00:00.000Z');
    const aView = (more: Partial<Parameters<typeof viewAfter>[1]> = {}) =>
      viewAfter(
        undefined,
        { workspace: ulid(), owner, name: 'Failed', shared: false, filter: { status: ['failed'] }, ...more },
        now,
      );

    test('are their owner’s, by name; others see what is shared', async () => {
      const workspace = ulid();
      const [b, a] = [
        aView({ workspace, name: 'b', shared: true, project: 'ops', last: '7d', columns: ['status'] }),
        aView({ workspace, name: 'a' }),
      ];
      for (const view of [b, a]) expect(await open().save(view, undefined)).toBe(true);
      expect(await open().own(workspace, owner.id)).toEqual([a, b]);
      expect(await open().own(workspace, 'somebody')).toEqual([]);
      expect(await open().own(ulid(), owner.id)).toEqual([]);
      expect(await open().shared(workspace)).toEqual([b]);
      expect(await open().shared(ulid())).toEqual([]);
    });

    test('take the place of what was seen, and of nothing else', async () => {
      const seen = aView({ shared: true });
      expect(await open().save(seen, undefined)).toBe(true);
      expect(await open().save(aView({ workspace: seen.workspace }), undefined)).toBe(false);
      const later = (seconds: number) => new Date(now.getTime() + seconds * 1000);
      const next = viewAfter(seen, { ...seen, shared: false, filter: {} }, later(1));
      expect(next).toMatchObject({ id: seen.id, createdAt: seen.createdAt, updatedAt: later(1).toISOString() });
      expect(await open().save(next, seen)).toBe(true);
      expect(await open().save(viewAfter(seen, { ...seen, filter: { q: 'late' } }, later(2)), seen)).toBe(false);
      expect(await open().own(seen.workspace, owner.id)).toEqual([next]);
      expect(await open().shared(seen.workspace)).toEqual([]);
    });

    test('are gone once they are removed; one that was saved again since stays', async () => {
      const first = aView();
      await open().save(first, undefined);
      await open().remove(first);
      await open().remove(first);
      expect(await open().own(first.workspace, owner.id)).toEqual([]);
      const second = aView({ workspace: first.workspace });
      await open().save(second, undefined);
      await open().remove(first);
      expect(await open().own(first.workspace, owner.id)).toEqual([second]);
    });
  });
}
