import { createContext, Script } from 'node:vm';

const sandbox = createContext({ run: (): unknown => undefined });
const callRun = new Script('run()');

/** Runs what cannot be interrupted from inside; throws when it takes longer. Nothing asynchronous. */
export function within<T>(limitMs: number, run: () => T): T {
  let result: { value: T } | undefined;
  sandbox['run'] = () => {
    result = { value: run() };
  };
  callRun.runInContext(sandbox, { timeout: limitMs });
  if (!result) throw new Error('ended without a result');
  return result.value;
}
