import * as z from 'zod';
import type { Json } from '../json.ts';
import { FunctionFailed } from '../lambda/function-failed.ts';
import type { Functions } from '../lambda/functions.ts';
import { WAIT_ON, WAIT_RESOURCE } from './definition.ts';
import type { Place } from './interpreter.ts';
import { sleepUntil } from './sleep.ts';
import { TaskError } from './task-error.ts';
import type { TaskTokens } from './task-tokens.ts';

/** Step Functions' limit for what passes between states. */
const MAX_DATA_BYTES = 256 * 1024;
const LONGEST_SLEEP_MS = 1_900_000_000;

const invocation = z.object({ FunctionName: z.string(), Payload: z.unknown() });
const waiting = z.looseObject({ seconds: z.number().optional(), timestamp: z.string().optional() });

/** Does the work of task states: calls functions, waits for tokens, lets time pass. */
export class Tasks {
  readonly #functions: Functions;
  readonly #tokens: TaskTokens;

  constructor(functions: Functions, tokens: TaskTokens) {
    this.#functions = functions;
    this.#tokens = tokens;
  }

  async perform(resource: string, input: Json, place: Place): Promise<Json> {
    if (resource === WAIT_RESOURCE) return wait(input, place);
    const result = await this.#invoke(resource, input, place);
    if (JSON.stringify(result).length > MAX_DATA_BYTES) {
      throw new TaskError('States.DataLimitExceeded', `The result of the task is larger than ${MAX_DATA_BYTES} bytes`);
    }
    return result;
  }

  async #invoke(resource: string, input: Json, { signal }: Place): Promise<Json> {
    if (resource.startsWith('arn:aws:lambda:')) return this.#call(resource, input);
    const { FunctionName, Payload } = invocation.parse(input);
    if (!resource.endsWith('.waitForTaskToken')) {
      return { StatusCode: 200, ExecutedVersion: '$LATEST', Payload: await this.#call(FunctionName, Payload) };
    }
    // Evaluating the parameters, which is done just before, has minted the token.
    const { answered, forget } = this.#tokens.expect();
    signal.addEventListener('abort', forget, { once: true });
    try {
      return await Promise.race([answered, this.#call(FunctionName, Payload).then(() => answered)]);
    } finally {
      signal.removeEventListener('abort', forget);
      forget();
    }
  }

  async #call(functionName: string, payload: unknown): Promise<Json> {
    try {
      return await this.#functions.invoke(functionName, payload);
    } catch (error) {
      if (error instanceof FunctionFailed) throw new TaskError(error.payload.errorType, JSON.stringify(error.payload));
      throw error;
    }
  }
}

async function wait(parameters: Json, { signal, walk }: Place): Promise<Json> {
  const { seconds, timestamp } = waiting.parse(parameters);
  const key = `${String(walk.context.State['Name'])} ${JSON.stringify(parameters)}`;
  const due = timestamp === undefined ? (walk.waits.get(key) ?? Date.now() + (seconds ?? 0) * 1000) : Date.parse(timestamp);
  if (due - Date.now() > LONGEST_SLEEP_MS) {
    walk.waits.set(key, due);
    await sleepUntil(Date.now() + LONGEST_SLEEP_MS, signal);
    throw new TaskError(WAIT_ON, 'More is to be waited than one timer can');
  }
  await sleepUntil(due, signal);
  return z.object({ input: z.json() }).parse(parameters).input;
}
