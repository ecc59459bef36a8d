import { useEffect, useRef, useState } from 'react';

/** What Enter presses by itself. */
const PRESSED = 'a, button, summary';
const TYPING = 'input, textarea, select, [contenteditable="true"], .cm-editor';
const CHORD_KEY = 'g';
const CHORD_MS = 900;

/** Keys of a page: `j`, `g r`, `?`. Nothing is taken from whoever types. */
export function useKeys(keys: Record<string, (event: KeyboardEvent) => void>): void {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    let first: { key: string; at: number } | undefined;
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.altKey) return;
      const target = event.target instanceof Element ? event.target : undefined;
      const command = event.ctrlKey || event.metaKey;
      if (command ? event.key.toLowerCase() !== 'k' : target?.closest(TYPING) || target?.closest('[role="dialog"]')) return;
      if (event.key === 'Enter' && target?.closest(PRESSED)) return;
      // After `g` the next key is a place, also for those who know it by itself: `g a` must approve nothing.
      const isSecond = first?.key === CHORD_KEY && event.timeStamp - first.at < CHORD_MS;
      first = { key: isSecond ? '' : event.key, at: event.timeStamp };
      const act = current.current[command ? 'mod k' : isSecond ? `${CHORD_KEY} ${event.key}` : event.key];
      if (!act) return;
      event.preventDefault();
      act(event);
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, []);
}

/** The row that keys are about. Whoever types fast presses the next key before the page is drawn anew: `now` knows what it does not show yet. */
export function useCursor() {
  const [cursor, setCursor] = useState<string>();
  const last = useRef<string>(undefined);
  const put = (id: string) => {
    last.current = id;
    setCursor(id);
  };
  return { cursor, now: () => last.current, put };
}
