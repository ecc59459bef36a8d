import { StoreBusy } from '../../kernel/store-busy.ts';
import type { DriveServices } from './drive-services.ts';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;
/** What is left for saying that it was in vain. */
const MARGIN_MS = 500;

/**
 * The same services for a driver, which has more patience than others: stores that refuse are asked again for as long as it may live. What has come of an
 * outside call would be lost otherwise, and the call would be made again.
 */
export function endure(services: DriveServices, until: Date): DriveServices {
  const { now, random, runs, values, tasks, places } = services;
  const again = async (call: () => unknown): Promise<unknown> => {
    for (let tries = 0; ; tries += 1) {
      try {
        return await call();
      } catch (error) {
        const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries) * (0.5 + random() / 2);
        if (!(error instanceof StoreBusy) || now().getTime() + pauseMs > until.getTime() - MARGIN_MS) throw error;
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
  };
  const patient = <Port extends object>(port: Port): Port =>
    new Proxy(port, {
      get(target, name) {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function') return method;
        return (...parameters: unknown[]) => again(() => Reflect.apply(method, target, parameters));
      },
    });
  return { ...services, runs: patient(runs), values: patient(values), tasks: patient(tasks), places: patient(places) };
}
