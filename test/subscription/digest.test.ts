import { expect, test } from 'vitest';
import { sendsTo } from '../../shared/executor/notify/notify.ts';
import { tellOfTurnedOff } from '../../shared/executor/notify/turned-off.ts';
import type { OutgoingMail } from '../../shared/mail/outgoing.ts';
import { nextDigest } from '../../shared/subscription/digest-time.ts';
import type { Notification } from '../../shared/subscription/notification.ts';
import { type SendServices, sendDue } from '../../shared/subscription/send-notifications.ts';
import { notificationOf } from '../../shared/subscription/subscribers.ts';
import type { SubscribedEvent, Subscription, Subscriptions } from '../../shared/subscription/subscription.ts';

const subscription: Subscription = {
  id: 's1',
  workspace: 'w1',
  project: 'examples',
  events: ['run.failed'],
  filter: {},
  to: { kind: 'email', addresses: ['ada@example.com'], every: 'hour' },
  enabled: true,
  createdAt: '2026-11-28T08:00:00.000Z',
  createdBy: { kind: 'member', id: 'm1', name: 'Ada', email: 'ada@example.com' },
  updatedAt: '2026-11-28T08:00:00.000Z',
};

const failed = (n: number, at: string): SubscribedEvent & { type: Notification['type'] } => ({
  id: `run-${n}/run.failed`,
  type: 'run.failed',
  at,
  workspace: 'w1',
  project: 'examples',
  data: { run: { id: `run-${n}`, workflow_name: 'book', reference: `${n}`, error: { name: 'Known', message: 'no\nluck' } } },
});

/** What is sent of these, by the time of a clock that a test sets. */
function setting(rows: Notification[], one: Subscription = subscription) {
  const mails: OutgoingMail[] = [];
  const clock = { now: '2026-11-28T08:30:00.000Z', refuses: false };
  const now = () => new Date(clock.now);
  const mail = {
    outgoing: {
      send: async (sent: OutgoingMail) => {
        if (clock.refuses) throw Object.assign(new Error('Address is not verified.'), { name: 'MessageRejected' });
        mails.push(sent);
        return 'id';
      },
    },
    domain: 'mail.example.com',
  };
  let kept = one;
  const subscriptions = {
    find: async () => kept,
    report: async (_: Subscription, next: Subscription) => {
      kept = next;
    },
  } satisfies Partial<Subscriptions>;
  const replace = async (seen: Notification, next: Notification) => {
    const at = rows.findIndex(({ id, dueAt }) => id === seen.id && dueAt === seen.dueAt);
    if (at >= 0) rows[at] = next;
    return at >= 0;
  };
  const isDue = (until: string) => rows.filter(({ dueAt }) => dueAt !== undefined && dueAt <= until);
  const due = async (until: string, limit: number) => isDue(until).slice(0, limit);
  const dueOf = async (_: string, until: string, limit: number) => isDue(until).slice(0, limit);
  const find = async (_: string, id: string) => rows.find((row) => row.id === id);
  const services = {
    subscriptions,
    notifications: { find, due, dueOf, replace },
    send: sendsTo({ mail, now, consoleUrl: 'https://millrun.example' } as unknown as Parameters<typeof sendsTo>[0]),
    now,
    random: () => 0,
    turnedOff: async () => {},
  } as unknown as SendServices;
  return { mails, clock, rows, mail, now, send: () => sendDue(services, () => true), kept: () => kept };
}

test('a mail holds all that has happened until its time, one line each, and nothing is sent before or twice', async () => {
  const times = ['08:10', '08:40', '08:20'].map((time) => `2026-11-28T${time}:00.000Z`);
  const { mails, clock, rows, send } = setting(times.map((at, n) => notificationOf(subscription, failed(n, at))));
  await send();
  expect(mails).toEqual([]);
  clock.now = '2026-11-28T09:00:01.000Z';
  await send();
  await send();
  expect(mails).toHaveLength(1);
  const [{ to, from, raw } = { to: [], from: '', raw: Buffer.of() }] = mails;
  expect({ to, from }).toEqual({ to: ['ada@example.com'], from: 'noreply@mail.example.com' });
  const [head = '', body = ''] = raw.toString().split('\r\n\r\n');
  expect(head).toContain('Subject: Millrun: 3 events in examples');
  const lines = Buffer.from(body, 'base64').toString().split('\n').slice(0, 4);
  expect(lines).toEqual([
    '2026-11-28T08:10:00.000Z run.failed book (0); Known: no luck; run run-0',
    '2026-11-28T08:20:00.000Z run.failed book (2); Known: no luck; run run-2',
    '2026-11-28T08:40:00.000Z run.failed book (1); Known: no luck; run run-1',
    '',
  ]);
  expect(rows.map(({ outcome, attempts }) => [outcome, attempts])).toEqual(Array(3).fill(['delivered', 1]));
});

test('a busy hour is one mail, with the first hundred and where the others are; nothing of it is sent twice', async () => {
  const times = Array.from({ length: 3_314 }, (_, n) =>
    new Date(Date.parse('2026-11-28T08:00:00.000Z') + n * 1_000).toISOString(),
  );
  const { mails, clock, rows, send } = setting(times.map((at, n) => notificationOf(subscription, failed(n, at))));
  clock.now = '2026-11-28T09:00:01.000Z';
  await Promise.all([send(), send()]);
  await send();
  const texts = mails.map(({ raw }) => raw.toString());
  expect(texts.map((text) => /^Subject: (.*)\r$/m.exec(text)?.[1])).toEqual(['Millrun: 3,314 events in examples']);
  const lines = Buffer.from(texts[0]?.split('\r\n\r\n')[1] ?? '', 'base64')
    .toString()
    .split('\n');
  expect(lines.slice(99, 103)).toEqual([
    '2026-11-28T08:01:39.000Z run.failed book (99); Known: no luck; run run-99',
    '',
    'and 3,214 more: https://millrun.example/subscriptions?id=s1',
    '',
  ]);
  expect(rows.filter(({ outcome, attempts }) => outcome !== 'delivered' || attempts !== 1)).toEqual([]);
});

test('a mail that is refused is tried again with all that it holds', async () => {
  const { mails, clock, rows, send, kept } = setting(
    [1, 2].map((n) => notificationOf(subscription, failed(n, '2026-11-28T08:10:00.000Z'))),
  );
  Object.assign(clock, { now: '2026-11-28T09:00:01.000Z', refuses: true });
  await send();
  expect(rows).toMatchObject(
    Array(2).fill({ outcome: 'pending', error: 'The mail was not taken: MessageRejected: Address is not verified.' }),
  );
  expect(kept().failingSince).toBe(clock.now);
  Object.assign(clock, { now: '2026-11-28T09:00:10.000Z', refuses: false });
  await send();
  expect(mails).toHaveLength(1);
  expect(kept()).not.toHaveProperty('failingSince');
});

test.each([
  ['hour', '2026-11-28T08:59:59.999Z', '2026-11-28T09:00:00.000Z'],
  ['hour', '2026-11-28T09:00:00.000Z', '2026-11-28T10:00:00.000Z'],
  ['day', '2026-11-28T04:59:59.000Z', '2026-11-28T05:00:00.000Z'],
  ['day', '2026-11-28T05:00:00.000Z', '2026-11-29T05:00:00.000Z'],
] as const)('by the %s, what happens at %s is told at %s', (every, now, at) => {
  expect(nextDigest(every, new Date(now)).toISOString()).toBe(at);
});

test('who made a subscription that is turned off hears of it by mail, and the others by an event that is the same each time', async () => {
  const { mails, mail, now } = setting([]);
  const told: SubscribedEvent[] = [];
  const lost: unknown[] = [];
  const services = {
    subscribers: { tell: async (events: readonly SubscribedEvent[]) => void told.push(...events) },
    mail,
    now,
    mailLost: (error: unknown) => void lost.push(error),
  };
  const off = { ...subscription, enabled: false, disabledReason: 'Nothing was taken.', failingSince: '2026-11-23T08:00:00.000Z' };
  await tellOfTurnedOff(services, off);
  await tellOfTurnedOff(services, off);
  await tellOfTurnedOff(services, { ...off, createdBy: { kind: 'key', id: 'k1', name: 'ci' } });
  expect(mails.map(({ to }) => to)).toEqual([['ada@example.com'], ['ada@example.com']]);
  expect(new Set(told.map(({ id, since }) => `${id} ${since}`)).size).toBe(1);
  expect(told[0]).toMatchObject({ type: 'subscription.turned_off', project: 'examples', data: { reason: 'Nothing was taken.' } });
  expect(lost).toEqual([]);
});
