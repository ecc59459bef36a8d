import { useSyncExternalStore } from 'react';

/** How the API is reached: well, or why what is shown may be old. */
export type Reach = 'well' | 'offline' | 'unreachable' | 'failing' | 'slow';

const SLOW_MS = 6000;
const listeners = new Set<() => void>();
let last: Exclude<Reach, 'offline' | 'slow'> = 'well';
let since = Date.now();
let slow = 0;

function tell(): void {
  for (const listener of listeners) listener();
}

function answered(next: typeof last): void {
  if (next === last) return;
  last = next;
  since = Date.now();
  tell();
}

const reach = (): Reach => (navigator.onLine ? (last === 'well' && slow > 0 ? 'slow' : last) : 'offline');

/** Sends it, and remembers how that went. `patient`: it is meant to take long. */
export async function reaching(isPatient: boolean, send: () => Promise<Response>): Promise<Response> {
  let isSlow = false;
  const timer = setTimeout(() => {
    isSlow = !isPatient;
    slow += isSlow ? 1 : 0;
    tell();
  }, SLOW_MS);
  try {
    const response = await send();
    answered(response.status >= 500 ? 'failing' : 'well');
    return response;
  } catch (error) {
    // Who is not asked any more has not failed.
    if (!(error instanceof DOMException && error.name === 'AbortError')) answered('unreachable');
    throw error;
  } finally {
    clearTimeout(timer);
    if (isSlow) {
      slow -= 1;
      tell();
    }
  }
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  window.addEventListener('online', listener);
  window.addEventListener('offline', listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener('online', listener);
    window.removeEventListener('offline', listener);
  };
}

export const useReach = () => useSyncExternalStore(subscribe, reach);
/** Since when it is as it is. */
export const reachedSince = () => since;
