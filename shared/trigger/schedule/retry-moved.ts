import { setTimeout as sleep } from 'node:timers/promises';
import { ScheduleMoved } from './ports.ts';

const TRIES = 25;
const STEP_MS = 10;

/** Acts again when somebody else has written the schedule meanwhile, each time after a longer random wait, so that many at once all get their turn. */
export async function retryMoved<T>(act: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof ScheduleMoved) || tries === TRIES) throw error;
    }
    await sleep(Math.random() * STEP_MS * tries);
  }
}
