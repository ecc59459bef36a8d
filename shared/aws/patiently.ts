import { setTimeout } from 'node:timers/promises';
import { StoreBusy } from '../kernel/store-busy.ts';
import { willPass } from './will-pass.ts';

export interface Patience {
  /** For how long a call is tried again. */
  withinMs?: number | undefined;
  random?: () => number;
}

const WITHIN_MS = 5_000;
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Makes a call, again and again while what stands in its way will pass. Throws `StoreBusy` when the time is up. The SDK has tried each call itself before,
 * but a table that grows into its load takes longer.
 */
export async function patiently<T>(
  call: () => Promise<T>,
  { withinMs = WITHIN_MS, random = Math.random }: Patience = {},
): Promise<T> {
  const until = performance.now() + withinMs;
  for (let tries = 0; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      if (!willPass(error)) throw error;
      const pauseMs = random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries);
      if (performance.now() + pauseMs >= until) throw new StoreBusy(error);
      await setTimeout(pauseMs);
    }
  }
}
