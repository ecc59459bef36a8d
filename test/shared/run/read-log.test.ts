import { ulid } from 'ulid';
import { describe, expect, test } from 'vitest';
import { successor } from '../../../shared/run/model/event.ts';
import type { LogEntry } from '../../../shared/run/ports.ts';
import { readLog } from '../../../shared/run/read/read-log.ts';
import { aRun } from '../../builders.ts';

const created = Date.parse('2026-11-23T08:00:00.000Z');
const run = aRun({ id: ulid(created), createdAt: new Date(created).toISOString() });
const at = (ms: number) => new Date(created + ms);

/** Two lines of a step, written so many milliseconds after the run was created. */
function aLine(ms: number, of: Partial<LogEntry> = {}): LogEntry {
  const id = ulid(created + ms);
  const line = { time: at(ms).toISOString(), step: 'a', scope: '', message: '' } as const;
  const second = successor(id);
  return {
    logId: second,
    key: 'a',
    events: [
      { ...line, id, type: 'step_started' },
      { ...line, id: second, type: 'step_completed', output: true },
    ],
    ...of,
  };
}

const VALUES = { glimpse: (_: unknown, limitBytes: number, whole: string) => ({ limitBytes, whole }) };

const logOf = (...entries: LogEntry[]) => ({
  log: async (_id: string, after: string | undefined, limit: number) => {
    const behind = entries.filter(({ logId }) => logId > (after ?? ''));
    return { entries: behind.slice(0, limit), more: behind.length > limit };
  },
});
const types = async (...parameters: Parameters<typeof readLog>) => (await readLog(...parameters)).items.map(({ type }) => type);

describe('the log of a live run', () => {
  test('begins with its creation', async () => {
    expect(await types(logOf(), VALUES, run, { limit: 10, now: at(0) })).toEqual(['run_created']);
  });

  test('says that it has started as soon as a step has said something, marked or not', async () => {
    expect(await types(logOf(aLine(10)), VALUES, run, { limit: 10, now: at(5000) })).toEqual([
      'run_created',
      'run_started',
      'step_started',
      'step_completed',
    ]);
  });

  test('keeps back lines that others may still come to stand before', async () => {
    const running = { ...run, status: 'running', startedAt: run.createdAt } as const;
    const log = logOf(aLine(10), aLine(900));
    expect(await readLog(log, VALUES, running, { limit: 10, now: at(1000) })).toMatchObject({
      items: { length: 4 },
      next: undefined,
    });
    expect(await readLog(log, VALUES, running, { limit: 10, now: at(1500) })).toMatchObject({ items: { length: 6 } });
  });
});

test('the log of a run that has ended is whole, and ends with its end', async () => {
  const ended = {
    ...run,
    status: 'failed',
    startedAt: run.createdAt,
    endedAt: at(1000).toISOString(),
    endedId: ulid(created + 20),
    error: { name: 'Boom', message: 'no', step: 'a' },
  } as const;
  const log = logOf(aLine(10), aLine(990));
  expect(await types(log, VALUES, ended, { limit: 10, now: at(1000) })).toEqual([
    'run_created',
    'run_started',
    'step_started',
    'step_completed',
    'step_started',
    'step_completed',
    'run_failed',
  ]);
  expect(await readLog(log, VALUES, ended, { after: ended.endedId, limit: 10, now: at(1000) })).toEqual({
    items: [],
    next: undefined,
  });
});

test('a run that was skipped has two lines', async () => {
  const skipped = { ...run, status: 'skipped', endedAt: run.createdAt, endedId: successor(run.id) } as const;
  expect(await types(logOf(), VALUES, skipped, { limit: 10, now: at(0) })).toEqual(['run_created', 'run_skipped']);
});

test('a page that would not fit into an answer ends early, and goes on without a gap', async () => {
  const ended = { ...run, status: 'succeeded', endedAt: at(9000).toISOString(), endedId: ulid(created + 9000) } as const;
  const long = Array.from({ length: 1000 }, (_, n) => {
    const line = aLine(10 + n);
    return { ...line, events: line.events.map((event) => ({ ...event, message: 'x'.repeat(4000) })) };
  });
  const seen: string[] = [];
  for (let after: string | undefined, pages = 0; pages < 20; pages += 1) {
    const page = await readLog(logOf(...long), VALUES, ended, { after, limit: 1000, now: at(10_000) });
    expect(JSON.stringify(page).length).toBeLessThan(2.1 * 1024 * 1024);
    seen.push(...page.items.map(({ id }) => id));
    after = page.next;
    if (after === undefined) break;
  }
  expect(seen).toHaveLength(2 * 1000 + 3);
  expect(new Set(seen).size).toBe(seen.length);
});
