import { createRequire } from 'node:module';
import { Slots } from '../../shared/slots.ts';
import type { ServiceAnswer } from './proxy.ts';

/** Answers a request as the service would. */
type Serve = (target: string, body: Buffer, headers: Record<string, string>) => Promise<ServiceAnswer>;

interface Request {
  hostname: string;
  port?: number;
  headers: Record<string, string>;
  body?: string | Uint8Array;
}

type Handle = (this: unknown, request: Request, options?: unknown) => Promise<{ response: object }>;

/** Calls of other services come in through the port, each with two ends in this process. */
const CALLS_AT_ONCE = 8;

const slots = new Slots(CALLS_AT_ONCE);
const served = new Map<number, Serve>();
let patched = false;

/**
 * Calls of DynamoDB that functions of this process make to this port are handed over as they are, without a connection from the process to
 * itself: that is a fifth of the processor time of a run. Everybody else comes through the port. Returns how to end it.
 */
export function shortCut(port: number, serve: Serve): () => void {
  served.set(port, serve);
  patch();
  return () => served.delete(port);
}

function patch(): void {
  if (patched) return;
  patched = true;
  const prototype = handlerPrototype();
  const handle: unknown = prototype && Reflect.get(prototype, 'handle');
  // Another version of the SDK: slower, and otherwise the same.
  if (!prototype || !isHandle(handle)) return;
  Reflect.set(prototype, 'handle', async function (this: unknown, request: Request, options?: unknown) {
    const serve = request.hostname === '127.0.0.1' ? served.get(request.port ?? 0) : undefined;
    const target = request.headers['x-amz-target'];
    if (!serve) return handle.call(this, request, options);
    if (!target?.startsWith('DynamoDB_')) return slots.run(() => handle.call(this, request, options));
    const { status, requestId, body } = await serve(target, bytesOf(request.body ?? ''), request.headers);
    return { response: { statusCode: status, headers: { 'x-amzn-requestid': requestId }, body } };
  });
}

// The SDK's bytes pose as a string as well, and warn whoever asks them, as Buffer.from(bytes) does.
function bytesOf(body: string | Uint8Array): Buffer {
  return typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

/** The one that the SDK uses, which need not be the one that a dependency of our own would be. */
function handlerPrototype(): object | undefined {
  try {
    const sdk = createRequire(createRequire(import.meta.url).resolve('@aws-sdk/client-dynamodb'));
    const { NodeHttpHandler }: { NodeHttpHandler?: { prototype: object } } = sdk('@smithy/node-http-handler');
    return NodeHttpHandler?.prototype;
  } catch {
    return undefined;
  }
}

function isHandle(value: unknown): value is Handle {
  return typeof value === 'function';
}
