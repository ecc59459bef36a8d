import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Json } from '../json.ts';
import type { Usage } from '../usage/usage.ts';
import type { DeclaredFunction } from './declared.ts';
import { FunctionFailed, failureOf } from './function-failed.ts';

type Handler = (event: unknown, context: unknown) => unknown;

/** Lambda's limit for what a synchronous call carries, each way. */
const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024;

interface Invoking {
  usage?: Usage['lambda'];
  isAlone?: boolean;
}

/** The functions of the stack, executed in this process from their source. */
export class Functions {
  readonly #declared: Map<string, DeclaredFunction>;
  readonly #root: string;
  readonly #usage: Usage;
  readonly #handlers = new Map<string, Promise<Handler>>();

  constructor(declared: DeclaredFunction[], { root, usage }: { root: string; usage: Usage }) {
    this.#declared = new Map(declared.map((one) => [one.name, one]));
    this.#root = root;
    this.#usage = usage;
  }

  /** Imports every handler, so that the first request does not pay for it. */
  async load(): Promise<void> {
    await Promise.all([...this.#declared.values()].map((declared) => this.#handlerOf(declared)));
  }

  /** The function that a name, an ARN or the ARN of an alias or version means. */
  find(nameOrArn: string): DeclaredFunction | undefined {
    const name = nameOrArn.startsWith('arn:') ? nameOrArn.split(':')[6] : nameOrArn.split(':')[0];
    return this.#declared.get(name ?? '');
  }

  /**
   * Calls with a copy of `event` and answers a copy of the result, as JSON carries them. `isAlone`: the event has just come as JSON and nobody else holds
   * it, so that it is its own copy: records of streams are many, and another one costs as much as reading them.
   */
  async invoke(nameOrArn: string, event: unknown, { usage = this.#usage.lambda, isAlone = false }: Invoking = {}): Promise<Json> {
    const declared = this.find(nameOrArn);
    if (!declared) {
      throw new FunctionFailed({
        errorType: 'Lambda.ResourceNotFoundException',
        errorMessage: `Function not found: ${nameOrArn}`,
      });
    }
    const answer = await this.#call(declared, isAlone ? event : copyOf(event), usage);
    const response = JSON.stringify(answer ?? null);
    if (isTooLarge(response)) {
      throw new FunctionFailed({
        errorType: 'Function.ResponseSizeTooLarge',
        errorMessage: `Response payload size exceeded maximum allowed payload size (${MAX_PAYLOAD_BYTES} bytes).`,
      });
    }
    return JSON.parse(response);
  }

  async #call(declared: DeclaredFunction, event: unknown, usage: Usage['lambda']): Promise<unknown> {
    const handler = await this.#handlerOf(declared);
    const startedAt = performance.now();
    const requestId = randomUUID();
    const { promise: expired, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(timedOut(requestId, declared.timeoutMs)), declared.timeoutMs);
    try {
      return await Promise.race([handler(event, contextOf(declared, requestId, startedAt)), expired]);
    } catch (thrown) {
      throw thrown instanceof FunctionFailed ? thrown : failureOf(thrown);
    } finally {
      clearTimeout(timer);
      const seconds = Math.ceil(performance.now() - startedAt) / 1000;
      usage.invocations += 1;
      usage.gbSeconds += (seconds * declared.memoryMb) / 1024;
    }
  }

  #handlerOf(declared: DeclaredFunction): Promise<Handler> {
    const known = this.#handlers.get(declared.name);
    if (known) return known;
    const loading = loadHandler(resolve(this.#root, declared.entry), declared.exportName);
    this.#handlers.set(declared.name, loading);
    return loading;
  }
}

function copyOf(event: unknown): unknown {
  const request = JSON.stringify(event ?? null);
  if (isTooLarge(request)) {
    throw new FunctionFailed({
      errorType: 'Lambda.RequestTooLargeException',
      errorMessage: `Request must be smaller than ${MAX_PAYLOAD_BYTES} bytes for the InvokeFunction operation`,
    });
  }
  return JSON.parse(request);
}

async function loadHandler(path: string, exportName: string): Promise<Handler> {
  const module: Record<string, unknown> = await import(/* @vite-ignore */ pathToFileURL(path).href);
  const handler = module[exportName];
  if (!isHandler(handler)) throw new Error(`${path} exports no function called ${exportName}`);
  return handler;
}

/** A character takes three bytes at most, so that short texts need not be measured. */
function isTooLarge(text: string): boolean {
  return text.length * 3 > MAX_PAYLOAD_BYTES && Buffer.byteLength(text) > MAX_PAYLOAD_BYTES;
}

function isHandler(value: unknown): value is Handler {
  return typeof value === 'function';
}

function timedOut(requestId: string, timeoutMs: number): FunctionFailed {
  return new FunctionFailed({
    errorType: 'Sandbox.Timedout',
    errorMessage: `RequestId: ${requestId} Error: Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`,
  });
}

/** The context object of the Node.js runtime. */
function contextOf({ name, arn, memoryMb, timeoutMs }: DeclaredFunction, awsRequestId: string, startedAt: number) {
  return {
    awsRequestId,
    callbackWaitsForEmptyEventLoop: true,
    functionName: name,
    functionVersion: '$LATEST',
    invokedFunctionArn: arn,
    memoryLimitInMB: String(memoryMb),
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: 'embedded',
    getRemainingTimeInMillis: () => Math.max(0, Math.round(timeoutMs - (performance.now() - startedAt))),
  };
}
