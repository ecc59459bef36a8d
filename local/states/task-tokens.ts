import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { AwsError } from '../aws/aws-error.ts';
import type { JsonOperations } from '../aws/json-protocol.ts';
import type { Json } from '../json.ts';
import { TaskError } from './task-error.ts';

interface Waiting {
  answer(output: Json): void;
  fail(error: TaskError): void;
}

const taskToken = z.string().min(1).max(2048);
const success = z.object({ taskToken, output: z.string() });
const failure = z.object({ taskToken, error: z.string().default(''), cause: z.string().default('') });

/** The tasks that wait for someone to send their token back. They end with their execution; a restarted execution mints new ones. */
export class TaskTokens {
  readonly #waiting = new Map<string, Waiting>();
  #minted: string | undefined;

  /** What `$$.Task` stands for: reading its `Token` mints one. */
  readonly context: { readonly Token: string };

  constructor() {
    const mint = () => this.#mint();
    this.context = {
      get Token() {
        return mint();
      },
    };
  }

  /** Waits for the token minted last. */
  expect(): { answered: Promise<Json>; forget(): void } {
    const token = this.#minted;
    if (!token) throw new TaskError('States.Runtime', 'The task waits for a token that its parameters do not pass on');
    this.#minted = undefined;
    const { promise, resolve, reject } = Promise.withResolvers<Json>();
    this.#waiting.set(token, { answer: resolve, fail: reject });
    return { answered: promise, forget: () => this.#waiting.delete(token) };
  }

  get operations(): JsonOperations {
    return {
      SendTaskSuccess: (input) => {
        const request = success.parse(input);
        const output = jsonOf(request.output);
        this.#take(request.taskToken).answer(output);
      },
      SendTaskFailure: (input) => {
        const request = failure.parse(input);
        this.#take(request.taskToken).fail(new TaskError(request.error, request.cause));
      },
      SendTaskHeartbeat: (input) => {
        this.#find(z.object({ taskToken }).parse(input).taskToken);
      },
    };
  }

  #mint(): string {
    this.#minted = randomBytes(24).toString('base64url');
    return this.#minted;
  }

  #find(token: string): Waiting {
    const waiting = this.#waiting.get(token);
    if (!waiting) throw new AwsError('TaskTimedOut', 'Task Timed Out: the provided task does not exist anymore');
    return waiting;
  }

  #take(token: string): Waiting {
    const waiting = this.#find(token);
    this.#waiting.delete(token);
    return waiting;
  }
}

function jsonOf(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    throw new AwsError('InvalidOutput', 'Invalid Output: the output is not JSON');
  }
}
