import { useDeferredValue, useEffect, useState } from 'react';

const SETTLED_MS = 350;

/** The value once nobody has changed it for a moment. */
export function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), SETTLED_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return useDeferredValue(settled);
}
