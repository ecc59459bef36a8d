import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { idOf } from '../../shared/kernel/id.ts';

describe('the id of a text', () => {
  test.each([0, 1, Date.parse('2026-01-01T00:00:00Z')])('is the same whenever it is asked for, at %i too', async (atMs) => {
    const first = idOf('file 4711', atMs);
    await sleep(3);
    expect(idOf('file 4711', atMs)).toBe(first);
    expect(idOf('file 4712', atMs)).not.toBe(first);
  });
});
