import { expect, test } from 'vitest';
import { afterMails, type TakenTask } from '../../shared/task/task-mail.ts';

const NOW = new Date('2030-01-01T00:00:00.000Z');
const at = (seconds: number) => new Date(NOW.getTime() + seconds * 1000).toISOString();
const taken = (task: object, mailing: Partial<TakenTask['mailing']> = {}) =>
  ({ task, mailing: { told: ['ada@example.com'], failures: 0, ...mailing } }) as TakenTask;

test('people are told once, unless they are to be reminded', () => {
  expect(afterMails(taken({}), undefined, NOW)).toEqual({ mailing: { told: ['ada@example.com'], failures: 0 } });
  expect(afterMails(taken({ remindSeconds: 600 }), undefined, NOW)).toEqual({
    dueAt: at(600),
    mailing: { told: [], failures: 0 },
  });
});

test('nobody is reminded of what will have expired by then', () => {
  const task = { remindSeconds: 600, expiresAt: at(600) };
  expect(afterMails(taken(task), undefined, NOW).dueAt).toBeUndefined();
  expect(afterMails(taken({ ...task, expiresAt: at(601) }), undefined, NOW).dueAt).toBe(at(600));
});

test('what could not be sent is tried again, less and less often, for a day and a half, and who was told is not told again', () => {
  const waits = [0, 1, 5, 6, 38].map((failures) => afterMails(taken({}, { failures }), 'busy', NOW).dueAt);
  expect(waits).toEqual([at(60), at(120), at(1920), at(3600), at(3600)]);
  expect(afterMails(taken({}, { failures: 3 }), 'busy', NOW)).toMatchObject({
    error: 'busy',
    mailing: { told: ['ada@example.com'], failures: 4 },
  });
  const given = afterMails(taken({}, { failures: 39 }), 'busy', NOW);
  expect(given).toMatchObject({ error: 'busy' });
  expect(given.dueAt).toBeUndefined();
});
