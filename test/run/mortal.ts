import type { DriveServices } from '../../shared/run/drive/drive-services.ts';

/** What a process that has died says: nothing that anybody would hear. */
export class Dead extends Error {}

type Dies = (moment: 'before' | 'after', name: string, n: number, args: unknown[]) => boolean | undefined;
type Call = (...args: unknown[]) => unknown;

const isCall = (value: unknown): value is Call => typeof value === 'function';

/**
 * The engine in a process that dies at a call of the tables, the bucket or Step Functions: `dies` is asked before and after each, with its number from 1.
 * From then on nothing of it reaches anybody, and what it has in flight is given up.
 */
export function mortal(services: DriveServices, dies: Dies): DriveServices {
  let calls = 0;
  let isDead = false;
  const live = (...now: Parameters<Dies>) => {
    const [moment, name, n] = now;
    isDead ||= dies(...now) === true;
    if (isDead) throw new Dead(`dead ${moment} ${name}, call ${n}`);
  };
  const mortalPart = <Part extends object>(part: Part): Part =>
    new Proxy(part, {
      get(target, property) {
        const call: unknown = Reflect.get(target, property);
        if (!isCall(call)) return call;
        return async (...args: unknown[]) => {
          calls += 1;
          const n = calls;
          live('before', String(property), n, args);
          const answer = await call.apply(target, args);
          live('after', String(property), n, args);
          return answer;
        };
      },
    });
  return {
    ...services,
    runs: mortalPart(services.runs),
    values: mortalPart(services.values),
    executions: mortalPart(services.executions),
    places: mortalPart(services.places),
    calls: mortalPart(services.calls),
  };
}
