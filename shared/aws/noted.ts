import type { ObjectKind } from '../kernel/act.ts';
import { type Recorder, scopeNow } from '../kernel/acting.ts';

/** What a write changes of an object that people act on. No `before`: it is new. No `after`: it goes. */
export interface Change {
  object: ObjectKind;
  id: string;
  name?: string | undefined;
  project?: string | undefined;
  before?: object | undefined;
  after?: object | undefined;
}

/**
 * The write; where somebody acts, the transaction of it and its record, which is sent just as well. To be made once a write: sent again it is the same
 * record.
 */
export function noted<Command extends object>(command: Command, change: Change): Command {
  const scope = scopeNow();
  const recorder = scope?.recorder as Recorder<Change> | undefined;
  return (scope && recorder ? recorder.recorded(scope.acting, command, change) : command) as Command;
}
