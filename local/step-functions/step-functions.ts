import type { JsonOperations } from '../aws/json-protocol.ts';
import type { Stack } from '../cloudformation/stack.ts';
import type { Functions } from '../lambda/functions.ts';
import type { Usage } from '../usage/usage.ts';
import { Executions } from './executions.ts';
import { declaredMachines } from './machines.ts';
import { stepFunctionsOperations } from './operations.ts';
import { ExecutionStore } from './store.ts';

const PRUNE_EVERY_MS = 10 * 60 * 1000;

export interface StepFunctions {
  operations: JsonOperations;
  /** Carries on with what the last process left. */
  resume(): Promise<void>;
  close(): void;
}

/** The state machines of the stack, and their executions in one database file. */
export function startStepFunctions(
  stack: Stack,
  path: string,
  { functions, usage }: { functions: Functions; usage: Usage['stepFunctions'] },
): StepFunctions {
  const machines = declaredMachines(stack);
  const store = new ExecutionStore(path);
  const executions = new Executions({ machines, store, functions, usage });
  const pruning = setInterval(() => store.prune(Date.now()), PRUNE_EVERY_MS).unref();
  return {
    operations: stepFunctionsOperations({ machines, store, executions, usage }),
    resume() {
      store.prune(Date.now());
      return executions.resume();
    },
    close() {
      clearInterval(pruning);
      executions.close();
      store.close();
    },
  };
}
