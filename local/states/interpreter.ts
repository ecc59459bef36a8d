import { AsyncLocalStorage } from 'node:async_hooks';
import { ExecutionAbortedError, ExecutionError, StateMachine } from 'aws-local-stepfunctions';
import type { Json } from '../json.ts';
import type { Ending } from './store.ts';

/** Does the work of a task state. */
export type PerformTask = (state: string, input: Json, place: Place) => Promise<Json>;

/** Where in an execution a task is executed. */
export interface Place {
  /** Aborts when its execution is stopped, or when its branch has been given up because another one failed. */
  signal: AbortSignal;
  walk: Walk;
  /** What is known of the branches of the state that is executed here. */
  branches: { failed: boolean };
}

/** One execution under way. */
export interface Walk {
  perform: PerformTask;
  /** The context object, `$$`. */
  context: Record<string, unknown> & { State: Record<string, unknown> };
  onTransition(): void;
  /** When waits end that are longer than one timer. */
  waits: Map<string, number>;
}

const places = new AsyncLocalStorage<Place>();

/**
 * The interpreter, given the one thing it lacks: tasks must know which branch they belong to. When a branch fails, the others are aborted, and
 * one of them that sleeps before a retry wakes at once and tries again; items of a Map that still wait for their turn are begun all the same.
 * `execute` is the method that every branch goes through.
 */
const execute = methodOf(StateMachine.prototype, 'execute');
Reflect.set(StateMachine.prototype, 'execute', function (this: StateMachine, ...[input, options, cleanUp]: ExecuteArguments) {
  const place = places.getStore();
  if (!place) return execute.call(this, input, options, cleanUp);
  const { walk, branches: siblings } = place;
  const eventLogger = new Tally(walk);
  return places.run({ walk, signal: options.abortSignal, branches: { failed: false } }, async () => {
    try {
      if (siblings.failed) throw new BranchAborted('Another branch has failed');
      return await execute.call(this, input, { ...options, eventLogger }, cleanUp);
    } catch (error) {
      siblings.failed = true;
      throw error;
    } finally {
      options.eventLogger.close();
    }
  });
});

type ExecuteArguments = [input: unknown, options: { abortSignal: AbortSignal; eventLogger: { close(): void } }, cleanUp: unknown];

/** An aborted branch does nothing more: no retry, no catch. */
class BranchAborted extends Error {
  readonly isRetryable = false;
  readonly isCatchable = false;
}

/** Walks through the machine. `stop` ends it where it stands. */
export function interpret(machine: StateMachine, input: Json, walk: Walk): { ended: Promise<Ending>; stop(): void } {
  const signal = new AbortController().signal;
  const { result, abort } = places.run({ walk, signal, branches: { failed: false } }, () =>
    machine.run(input, {
      context: walk.context,
      overrides: { taskResourceLocalHandlers },
    }),
  );
  const ended = result.then(
    (output): Ending => ({ status: 'SUCCEEDED', output: JSON.stringify(output) }),
    (error: unknown): Ending => {
      if (error instanceof ExecutionAbortedError) return { status: 'ABORTED' };
      const cause = error instanceof ExecutionError ? error.cause : error;
      return cause instanceof Error
        ? { status: 'FAILED', error: cause.name, cause: cause.message }
        : { status: 'FAILED', error: 'States.Runtime', cause: String(cause) };
    },
  );
  return { ended, stop: abort };
}

/** One handler for every state of every machine: it finds its execution through the place it is called at. */
const taskResourceLocalHandlers = new Proxy<Record<string, (input: Json) => Promise<Json>>>(
  {},
  {
    get: (_, state) => async (input: Json) => {
      const place = places.getStore();
      if (!place) throw new Error('A task was executed outside of an execution');
      if (place.signal.aborted) throw new BranchAborted('The branch was aborted');
      return place.walk.perform(String(state), input, place);
    },
  },
);

/** Takes the place of the interpreter's event log, which would keep every input and output until someone reads it. */
class Tally {
  readonly #walk: Walk;

  constructor(walk: Walk) {
    this.#walk = walk;
  }

  /** Called right before the state's input is evaluated, so `$$.State` is that of this state while paths are resolved. */
  dispatchStateEnteredEvent(name: string): void {
    this.#walk.onTransition();
    forgetBranches();
    Object.assign(this.#walk.context.State, { Name: name, EnteredTime: new Date().toISOString(), RetryCount: 0 });
  }

  dispatchStateRetriedEvent(name: string, _type: string, _input: unknown, _retrier: unknown, attempt: number): void {
    this.#walk.onTransition();
    forgetBranches();
    Object.assign(this.#walk.context.State, { Name: name, RetryCount: attempt });
  }

  dispatchStateExitedEvent(): void {}
  dispatchStateFailedEvent(): void {}
  dispatchStateCaughtEvent(): void {}
  dispatchExecutionStartedEvent(): void {}
  dispatchExecutionSucceededEvent(): void {}
  dispatchExecutionFailedEvent(): void {}
  forwardNestedMapEvent(): void {}
  forwardNestedParallelEvent(): void {}
}

/** The state that is entered now has branches of its own; those of the one before, which may still be about, keep theirs. */
function forgetBranches(): void {
  const place = places.getStore();
  if (place) places.enterWith({ ...place, branches: { failed: false } });
}

type Method = (this: unknown, ...args: unknown[]) => Promise<unknown>;

function methodOf(prototype: object, name: string): Method {
  const method: unknown = Reflect.get(prototype, name);
  if (!isMethod(method)) throw new Error(`aws-local-stepfunctions has no method ${name}; this version cannot be used`);
  return method;
}

function isMethod(value: unknown): value is Method {
  return typeof value === 'function';
}
