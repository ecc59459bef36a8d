import { createRequire } from 'node:module';
import { Slots } from '../../shared/kernel/slots.ts';

interface Request {
  hostname: string;
}

type Handle = (this: unknown, request: Request, options?: unknown) => Promise<unknown>;

/** Calls of this process to itself have two ends here: each takes two descriptors. */
const CALLS_AT_ONCE = 8;

const slots = new Slots(CALLS_AT_ONCE);
let patched = false;

/**
 * Has the requests of the SDK clients of this process to itself wait in line, so that they do not use up its descriptors. And the SDK writes `sync-`
 * before the host of `StartSyncExecution`, also before 127.0.0.1, and no resolver knows that name: such requests are sent to the address that is meant.
 */
export function patchRequests(): void {
  if (patched) return;
  patched = true;
  const sdk = createRequire(createRequire(import.meta.url).resolve('@aws-sdk/client-sfn'));
  const { NodeHttpHandler }: { NodeHttpHandler: { prototype: object } } = sdk('@smithy/node-http-handler');
  const handle: unknown = Reflect.get(NodeHttpHandler.prototype, 'handle');
  if (!isHandle(handle)) throw new Error('NodeHttpHandler has no method handle; this version of the SDK cannot be used');
  Reflect.set(NodeHttpHandler.prototype, 'handle', function (this: unknown, request: Request, options?: unknown) {
    const isSync = request.hostname === 'sync-127.0.0.1';
    if (isSync) request.hostname = '127.0.0.1';
    // Who waits for the end of an execution must not keep it from its tables.
    if (isSync || request.hostname !== '127.0.0.1') return handle.call(this, request, options);
    return slots.run(() => handle.call(this, request, options));
  });
}

function isHandle(value: unknown): value is Handle {
  return typeof value === 'function';
}
