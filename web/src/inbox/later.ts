import { useSyncExternalStore } from 'react';

/** Answers leave so much later than they are given: until then nothing has happened. */
const DELAY_MS = 5000;

export interface Given {
  /** What has been decided, in a word: `Approved`. */
  word: string;
  state: 'waits' | 'sent';
}

interface Waiting {
  ids: readonly string[];
  send: () => Promise<unknown>;
  timer: ReturnType<typeof setTimeout>;
}

let given: ReadonlyMap<string, Given> = new Map();
const waiting = new Set<Waiting>();
const listeners = new Set<() => void>();

function note(ids: readonly string[], what: Given | undefined): void {
  const next = new Map(given);
  for (const id of ids)
    if (what) next.set(id, what);
    else next.delete(id);
  given = next;
  for (const listener of listeners) listener();
}

/** Decides something of tasks, and does it a moment later unless it is undone. What fails is as if it had not been decided. */
export function decideLater(ids: readonly string[], word: string, send: () => Promise<unknown>): void {
  const one: Waiting = { ids, send, timer: setTimeout(() => leave(one), DELAY_MS) };
  waiting.add(one);
  note(ids, { word, state: 'waits' });
}

export function undo(id: string): void {
  for (const one of waiting) {
    if (!one.ids.includes(id)) continue;
    clearTimeout(one.timer);
    waiting.delete(one);
    note(one.ids, undefined);
  }
}

function leave(one: Waiting): void {
  clearTimeout(one.timer);
  waiting.delete(one);
  const word = given.get(one.ids[0] ?? '')?.word ?? '';
  note(one.ids, { word, state: 'sent' });
  one.send().catch(() => note(one.ids, undefined));
}

// Who closes the page has decided: what waits leaves at once.
window.addEventListener('pagehide', () => {
  for (const one of [...waiting]) leave(one);
});

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const useGiven = () => useSyncExternalStore(subscribe, () => given);
