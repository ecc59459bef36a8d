import { describe, expect, test } from 'vitest';
import { type Comment, checkRemoval, edited, keptWith, newComment } from '../../../shared/run/comment/comment.ts';
import { anActor } from '../../harness/builders.ts';

const NINE = new Date('2030-01-01T09:00:00.000Z');
const minutesLater = (minutes: number, ms = 0) => new Date(NINE.getTime() + minutes * 60_000 + ms);

const aComment = (): Comment => newComment('run', 'The ERP was down.', anActor('ann'), NINE);

describe('a comment', () => {
  test('can be changed by its author for fifteen minutes, and not a moment longer', () => {
    const comment = aComment();
    const at = minutesLater(15);
    expect(edited(comment, 'It was the CRM.', anActor('ann'), at)).toEqual({
      ...comment,
      text: 'It was the CRM.',
      editedAt: at.toISOString(),
    });
    expect(() => edited(comment, 'x', anActor('ann'), minutesLater(15, 1))).toThrow(/15 minutes.*another/);
  });

  test('is changed by nobody else, who has the same id as another kind of actor included', () => {
    expect(() => edited(aComment(), 'x', anActor('bob'), NINE)).toThrow(/by ann/);
    expect(() => edited(aComment(), 'x', { ...anActor('ann'), kind: 'member' }, NINE)).toThrow(/by ann/);
  });

  test('is deleted by its author, however old, or by an admin', () => {
    expect(() => checkRemoval(aComment(), anActor('ann'), 'operator')).not.toThrow();
    expect(() => checkRemoval(aComment(), anActor('bob'), 'admin')).not.toThrow();
    expect(() => checkRemoval(aComment(), anActor('bob'), 'editor')).toThrow(/admin/);
  });

  test('is kept as long as its run: from its end on, or from the latest that it may end', () => {
    const day = 86_400;
    const [deadline, endedAt] = [minutesLater(60).toISOString(), minutesLater(5).toISOString()];
    const since = (seconds: number) => seconds - NINE.getTime() / 1000;
    expect(since(keptWith({ deadline, endedAt }, 30, minutesLater(10)))).toBe(30 * day + 300);
    expect(since(keptWith({ deadline, endedAt: undefined }, 30, minutesLater(10)))).toBe(30 * day + 3600);
    expect(since(keptWith({ deadline, endedAt: undefined }, 30, minutesLater(120)))).toBe(30 * day + 7200);
  });
});
