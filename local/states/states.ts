import type { JsonOperations } from '../aws/json-protocol.ts';
import type { Functions } from '../lambda/functions.ts';
import type { Usage } from '../usage/usage.ts';
import { Engine, type StatusChanges } from './engine.ts';
import { executionOperations } from './executions.ts';
import { MachineStore } from './machine-store.ts';
import { machineOperations } from './machines.ts';
import { Executions, openStatesDatabase } from './store.ts';
import { TaskTokens } from './task-tokens.ts';
import { Tasks } from './tasks.ts';

const HOUSEKEEPING_EVERY_MS = 10 * 60 * 1000;

export interface States {
  operations: JsonOperations;
  /** Carries on with what the last process left. */
  resume(): Promise<void>;
  close(): void;
}

/** Step Functions over one database file. */
export function startStates(
  path: string,
  { functions, changes, usage }: { functions: Functions; changes: StatusChanges; usage: Usage['stepFunctions'] },
): States {
  const database = openStatesDatabase(path);
  const executions = new Executions(database);
  const machines = new MachineStore(database);
  const tokens = new TaskTokens();
  const tasks = new Tasks(functions, tokens);
  const engine = new Engine({ executions, machines, tasks, tokens, changes, usage });

  const tidy = () => {
    machines.removeEmptied();
    executions.prune(Date.now());
  };
  const housekeeping = setInterval(tidy, HOUSEKEEPING_EVERY_MS).unref();
  return {
    operations: {
      ...machineOperations(machines),
      ...executionOperations({ executions, machines, engine }),
      ...tokens.operations,
    },
    resume() {
      tidy();
      return engine.resume();
    },
    close() {
      clearInterval(housekeeping);
      engine.close();
      database.close();
    },
  };
}
