import { expect, test } from 'vitest';
import { lateness } from '../../shared/inbox/late.ts';
import { aRun } from '../harness/builders.ts';

const now = new Date('2026-11-28T12:00:00.000Z');
const ago = (minutes: number) => new Date(now.getTime() - minutes * 60_000).toISOString();
const of = (run: Parameters<typeof aRun>[0]) =>
  lateness(aRun({ status: 'running', createdAt: ago(60), deadline: ago(-6_000), dueAt: ago(-1), ...run }), now);

test('a run that is looked after and has time left is not late', () => expect(of({})).toBeUndefined());

test('one that has not begun after two minutes is', () => {
  expect(of({ status: 'pending', createdAt: ago(3) })).toBe('not_started');
  expect(of({ status: 'pending', createdAt: ago(1.9) })).toBeUndefined();
});

test('one that should have been looked at five minutes ago is', () => {
  expect(of({ dueAt: ago(6) })).toBe('unattended');
  expect(of({ dueAt: ago(4) })).toBeUndefined();
  expect(of({ dueAt: undefined })).toBeUndefined();
});

test('one whose time is nearly over is: a tenth of it is left, or a day', () => {
  expect(of({ createdAt: ago(100), deadline: ago(-10) })).toBe('near_deadline');
  expect(of({ createdAt: ago(100), deadline: ago(-12) })).toBeUndefined();
  expect(of({ createdAt: ago(89 * 1440), deadline: ago(-1439) })).toBe('near_deadline');
  expect(of({ createdAt: ago(85 * 1440), deadline: ago(-5 * 1440) })).toBeUndefined();
});
