import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dueOf } from '../../shared/live/live.ts';
import { feedFilterOf, parseMessage, Refused, runOfTopic } from '../../shared/live/message.http.ts';

describe('what is due to a subscriber', () => {
  test('follows from where they are', () => {
    expect(dueOf(4, { number: 3, count: 2 })).toEqual({ kind: 'nothing' });
    expect(dueOf(4, { number: 3, count: 4 })).toEqual({ kind: 'entries', from: 5, to: 6 });
    expect(dueOf(4, { number: 5, count: 1 })).toEqual({ kind: 'entries', from: 5, to: 5 });
    expect(dueOf(4, { number: 7, count: 1 })).toEqual({ kind: 'gap', to: 7 });
  });

  test('whatever is told again or left out, every entry is told once and in order', () => {
    const item = fc.record({ number: fc.integer({ min: 1, max: 30 }), count: fc.integer({ min: 1, max: 5 }) });
    fc.assert(
      fc.property(fc.array(item), (items) => {
        let cursor = 0;
        const told: number[] = [];
        for (const appended of items) {
          const due = dueOf(cursor, appended);
          if (due.kind === 'nothing') continue;
          // A gap is read from the journal.
          for (let number = cursor + 1; number <= due.to; number++) told.push(number);
          if (due.kind === 'entries') expect(due.from).toBe(cursor + 1);
          cursor = due.to;
        }
        expect(told).toEqual(Array.from({ length: cursor }, (_, at) => at + 1));
      }),
    );
  });
});

describe('a message', () => {
  test.each([
    ['BadMessage', 'no json'],
    ['BadMessage', '[]'],
    ['BadMessage', '{"subscribe":"feed","filter":{"colour":"red"}}'],
    ['BadMessage', '{"subscribe":"run:x","after":"1"}'],
    ['TooLarge', JSON.stringify({ authorize: 'x'.repeat(9000) })],
  ])('that is %s is refused by name: %s', (code, text) => {
    expect(() => parseMessage(text)).toThrow(expect.objectContaining({ code }) as Error);
  });

  test.each(['', 'runs', 'run:', 'run:../x', 'feed:1'])('about "%s" has no topic', (topic) => {
    expect(() => runOfTopic(topic)).toThrow(Refused);
  });
});

test('a filter never leaves the workspace of its subscriber, nor the project of their key', () => {
  expect(feedFilterOf({ workspace: 'acme', project: 'ops' }, { project_id: 'other', status: 'failed' })).toMatchObject({
    workspace: 'acme',
    project: 'ops',
    status: ['failed'],
  });
});

test('the filter of a message is read again as it was written, lists and all', () => {
  const filter = { status: 'failed,timed_out', label: 'vip:yes,new:no', workflow_id: '01ARZ3NDEKTSV4RRFFQ69G5FAV' };
  const message = parseMessage(JSON.stringify({ subscribe: 'feed', filter }));
  expect(message).toEqual({ subscribe: 'feed', filter });
  expect(feedFilterOf({ workspace: 'acme' }, filter)).toMatchObject({
    status: ['failed', 'timed_out'],
    labels: ['vip:yes', 'new:no'],
  });
  expect(() => parseMessage('{"subscribe": "feed", "filter": {"status": "odd"}}')).toThrow(Refused);
});
