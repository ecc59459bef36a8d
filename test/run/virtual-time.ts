import { setImmediate as turn } from 'node:timers/promises';
import { vi } from 'vitest';

/** Time that passes only when nothing is left to do: the clock and the timers of the whole process. A day takes as long as what happens in it. */
export const virtualTime = {
  begin(at = '2026-11-23T08:00:00.000Z'): void {
    vi.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
      now: Date.parse(at),
    });
  },

  end(): void {
    vi.useRealTimers();
  },

  /** Lets time pass until that holds. */
  async until(holds: () => boolean, what = 'what was waited for'): Promise<void> {
    for (;;) {
      await turn();
      if (holds()) return;
      if (vi.getTimerCount() === 0) throw new Error(`Nothing happens any more, and never came: ${what}`);
      vi.advanceTimersToNextTimer();
    }
  },

  /** Lets time pass until the work is done. */
  async through<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const marked = work.finally(() => {
      done = true;
    });
    marked.catch(() => undefined);
    await virtualTime.until(() => done, 'the end of the work');
    return marked;
  },
};

/** Waits in virtual time, however long. */
export async function sleepUntil(instant: number): Promise<void> {
  const LONGEST = 2 ** 31 - 1;
  while (Date.now() < instant) await sleep(Math.min(instant - Date.now(), LONGEST));
}

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
