/** Resolves when the time has come or the signal aborts, whichever is first. */
export function sleepUntil(dueMs: number, signal: AbortSignal): Promise<void> {
  const delay = dueMs - Date.now();
  if (delay <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, delay);
    signal.addEventListener('abort', done, { once: true });
  });
}
