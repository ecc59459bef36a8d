/** A timer of Node.js that is set for longer fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Resolves when the time has come or the signal aborts, whichever is first. */
export async function sleepUntil(dueMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && Date.now() < dueMs) await sleep(Math.min(dueMs - Date.now(), LONGEST_TIMER_MS), signal);
}

function sleep(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    signal.addEventListener('abort', done, { once: true });
  });
}
