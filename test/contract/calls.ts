import { ulid } from 'ulid';
import { beforeEach, describe, expect, test } from 'vitest';
import { type Calls, ticketOf } from '../../shared/connection/calls.ts';
import { spacingOf } from '../../shared/connection/limits.ts';

const MINUTE_MS = 60_000;

/** What every adapter of the port `Calls` promises; `open` gives it a clock. */
export function promisesOfCalls(open: (now: () => Date) => Calls) {
  let connection = '';
  let calls: Calls;
  let nowMs = Date.parse('2026-11-23T08:00:00.000Z');
  const now = () => new Date(nowMs);
  beforeEach(() => {
    connection = ulid();
    calls = open(now);
  });
  const aCall = () => ({ runId: ulid(), stepKey: 'lines[3]/call' });
  const enter = (call: ReturnType<typeof aCall>, limit: number) =>
    calls.enter(connection, call, { limit, until: new Date(nowMs + MINUTE_MS) });
  const waits = async (limit: number) => {
    const ticket = ticketOf(ulid(nowMs++), aCall());
    await calls.wait(connection, ticket, limit);
    return ticket;
  };
  const waiting = async () => (await calls.waiting(connection, 100)).map(({ id }) => id);

  describe('places of a connection', () => {
    test('are as many as its limit, one a call however often it says so', async () => {
      const [first, second] = [aCall(), aCall()];
      expect(await enter(first, 1)).toEqual({ entered: true, before: 0 });
      expect(await enter(first, 1)).toEqual({ entered: true, before: 0 });
      expect(await enter(second, 1)).toEqual({ entered: false, before: 0 });
      await calls.leave(connection, second);
      expect(await enter(second, 1)).toMatchObject({ entered: false });
      await calls.leave(connection, first);
      await calls.leave(connection, first);
      expect(await enter(second, 1)).toMatchObject({ entered: true });
    });

    test('are taken by as many as fit of many that come at once', async () => {
      const came = await Promise.all(Array.from({ length: 12 }, () => enter(aCall(), 5)));
      expect(came.filter(({ entered }) => entered)).toHaveLength(5);
    });

    test('are given to those who wait, in the order of arrival, and to nobody who comes later', async () => {
      const first = aCall();
      await enter(first, 1);
      const tickets = [await waits(1), await waits(1), await waits(1)];
      expect(await waiting()).toEqual(tickets);
      await calls.leave(connection, first);
      expect(await enter(aCall(), 1)).toEqual({ entered: false, before: 3 });
      expect(await calls.call(connection, { id: tickets[0] ?? '', limit: 1 })).toBe(true);
      expect(await calls.call(connection, { id: tickets[0] ?? '', limit: 1 })).toBe(false);
      expect(await calls.call(connection, { id: tickets[1] ?? '', limit: 1 })).toBe(false);
      expect(await calls.look(connection)).toMatchObject({ running: { length: 1 }, called: [tickets[0]] });
      await calls.heard(connection, tickets[0] ?? '');
      expect((await calls.look(connection)).called).toEqual([]);
      expect(await waiting()).toEqual(tickets.slice(1));
    });

    test('whoever waits twice has one turn', async () => {
      await enter(aCall(), 1);
      const ticket = await waits(1);
      await calls.wait(connection, ticket, 1);
      expect(await waiting()).toEqual([ticket]);
      expect(await enter(aCall(), 1)).toEqual({ entered: false, before: 1 });
    });

    test('of who has died are free by themselves', async () => {
      const dead = aCall();
      await enter(dead, 1);
      nowMs += MINUTE_MS - 1;
      expect(await enter(aCall(), 1)).toMatchObject({ entered: false });
      nowMs += 2;
      expect(await calls.look(connection)).toEqual({ running: [], called: [] });
      expect(await enter(aCall(), 1)).toMatchObject({ entered: true });
    });
  });

  describe('a rate', () => {
    const rate = { count: 20, per: '1m' } as const;
    const { intervalMs, burst } = spacingOf(rate);

    test('gives each call an instant of its own: some at once, then one an interval', async () => {
      const given = await Promise.all(Array.from({ length: 8 }, () => calls.reserve(connection, rate)));
      const offsets = given.map((at) => at.getTime() - nowMs).toSorted((a, b) => a - b);
      expect(offsets.map((offset) => Math.max(0, offset))).toEqual(
        Array.from({ length: 8 }, (_, n) => Math.max(0, (n - burst + 1) * intervalMs)),
      );
    });

    test('allows no more after a long pause than after a short one', async () => {
      for (let n = 0; n < 4; n += 1) await calls.reserve(connection, rate);
      nowMs += 3_600_000;
      const given = [];
      for (let n = 0; n < 5; n += 1) given.push((await calls.reserve(connection, rate)).getTime() - nowMs);
      expect(given.filter((offset) => offset <= 0)).toHaveLength(burst);
    });

    test('that is changed forgets the turns of the one before', async () => {
      for (let n = 0; n < 5; n += 1) await calls.reserve(connection, { count: 1, per: '1d' });
      expect((await calls.reserve(connection, rate)).getTime()).toBeLessThanOrEqual(nowMs);
    });
  });
}
