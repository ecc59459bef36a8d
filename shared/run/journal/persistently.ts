import { setTimeout } from 'node:timers/promises';
import { StoreBusy } from '../../store-busy.ts';

const PAUSE_MS = 1_000;

/** Writes what must not be lost: while the store is busy, again and again for as long as the function lives. */
export async function persistently<T>(write: () => Promise<T>, until: Date): Promise<T> {
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof StoreBusy) || Date.now() + PAUSE_MS >= until.getTime()) throw error;
      await setTimeout(PAUSE_MS);
    }
  }
}
