import type { Json } from '../json.ts';
import type { Definition, State, TaskState } from './definition.ts';
import { at, filled, type Scope, textAt } from './paths.ts';
import { retryOf } from './retry.ts';
import { StatesError } from './states-error.ts';

/** Where an execution stands: what a new process needs to carry it on. */
export interface Position {
  state: string;
  data: Json;
  /** How often each retrier of the state has been used. */
  used: number[];
  /** Nothing is done before this instant. */
  wakeMs: number;
}

/** How an execution ended. */
export type Ending =
  | { status: 'SUCCEEDED'; output: string }
  | { status: 'FAILED' | 'TIMED_OUT' | 'ABORTED'; error?: string | undefined; cause?: string | undefined };

/** What an execution needs of the world. */
export interface World {
  context: Json;
  /** Rejects with a `StatesError`. */
  invoke(functionName: string, payload: Json): Promise<Json>;
  sleepUntil(ms: number): Promise<void>;
  /** Told before anything is done from there that takes time. */
  save(position: Position): void;
  onTransition(): void;
  /** From 0 to 1. */
  random(): number;
}

/** Step Functions' limit for what passes between states. */
const MAX_DATA_BYTES = 256 * 1024;

/** Goes from state to state until the machine has ended. */
export async function interpret({ States }: Definition, start: Position, world: World): Promise<Ending> {
  let position = start;
  try {
    for (;;) {
      if (position.wakeMs > Date.now()) await world.sleepUntil(position.wakeMs);
      const state = States[position.state];
      if (!state) throw new StatesError('States.Runtime', `There is no state "${position.state}"`);
      const next = await pass(state, position, world);
      if ('status' in next) return next;
      position = next;
      world.onTransition();
      if (position.wakeMs > 0 || States[position.state]?.Type === 'Task') world.save(position);
    }
  } catch (error) {
    if (error instanceof StatesError) return { status: 'FAILED', error: error.name, cause: error.message };
    return { status: 'FAILED', error: 'States.Runtime', cause: String(error) };
  }
}

/** What a state comes to: another position, or the end. */
async function pass(state: State, position: Position, world: World): Promise<Position | Ending> {
  const { data } = position;
  const scope: Scope = { data, context: world.context };
  const enter = (name: string, next: Json): Position => ({ state: name, data: next, used: [], wakeMs: 0 });
  switch (state.Type) {
    case 'Task':
      return invoked(state, position, scope, world);
    case 'Choice': {
      const chosen = state.Choices.find(({ Variable, StringEquals }) => at(Variable, scope) === StringEquals);
      if (!chosen) throw new StatesError('States.NoChoiceMatched', 'No choice matched');
      return enter(chosen.Next, data);
    }
    case 'Wait': {
      const wakeMs = Date.parse(textAt(state.TimestampPath, scope));
      if (Number.isNaN(wakeMs)) throw new StatesError('States.Runtime', `'${state.TimestampPath}' is no timestamp`);
      return { ...enter(state.Next, data), wakeMs };
    }
    case 'Succeed':
      return { status: 'SUCCEEDED', output: JSON.stringify(data) };
    case 'Fail':
      return { status: 'FAILED', error: textAt(state.ErrorPath, scope), cause: textAt(state.CausePath, scope) };
  }
}

async function invoked(state: TaskState, position: Position, scope: Scope, world: World): Promise<Position> {
  const { FunctionName, Payload } = state.Parameters;
  const payload = filled(Payload, scope);
  try {
    const answer = { StatusCode: 200, ExecutedVersion: '$LATEST', Payload: await world.invoke(FunctionName, payload) };
    const data = at(state.OutputPath, { ...scope, data: answer });
    if (JSON.stringify(data).length > MAX_DATA_BYTES)
      throw new StatesError('States.DataLimitExceeded', `The output of the task is larger than ${MAX_DATA_BYTES} bytes`);
    return { state: state.Next, data, used: [], wakeMs: 0 };
  } catch (error) {
    const retry = error instanceof StatesError && retryOf(state.Retry, error.name, position.used, world.random());
    if (!retry) throw error;
    return { ...position, used: retry.used, wakeMs: Date.now() + retry.delayMs };
  }
}
