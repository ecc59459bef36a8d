import { useEffect, useRef } from 'react';

const TYPING = 'input, textarea, select, [contenteditable="true"], .cm-editor';
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
      const chord = first && event.timeStamp - first.at < CHORD_MS ? `${first.key} ${event.key}` : undefined;
      first = { key: event.key, at: event.timeStamp };
      const name = command ? 'mod k' : event.key;
      const act = (chord && current.current[chord]) || current.current[name];
      if (!act) return;
      event.preventDefault();
      act(event);
    };
    window.addEventListener('keydown', press);
    return () => window.removeEventListener('keydown', press);
  }, []);
}
