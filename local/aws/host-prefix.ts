import { createRequire } from 'node:module';

interface Request {
  hostname: string;
}

type Handle = (this: unknown, request: Request, options?: unknown) => Promise<unknown>;

let patched = false;

/**
 * The SDK writes `sync-` before the host of `StartSyncExecution`, also before 127.0.0.1, and no resolver knows that name. Requests of this process
 * are sent to the address that is meant.
 */
export function resolveHostPrefix(): void {
  if (patched) return;
  patched = true;
  const sdk = createRequire(createRequire(import.meta.url).resolve('@aws-sdk/client-sfn'));
  const { NodeHttpHandler }: { NodeHttpHandler: { prototype: object } } = sdk('@smithy/node-http-handler');
  const handle: unknown = Reflect.get(NodeHttpHandler.prototype, 'handle');
  if (!isHandle(handle)) throw new Error('NodeHttpHandler has no method handle; this version of the SDK cannot be used');
  Reflect.set(NodeHttpHandler.prototype, 'handle', function (this: unknown, request: Request, options?: unknown) {
    if (request.hostname === 'sync-127.0.0.1') request.hostname = '127.0.0.1';
    return handle.call(this, request, options);
  });
}

function isHandle(value: unknown): value is Handle {
  return typeof value === 'function';
}
