import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { type NetworkSettings, openNetwork } from '../../../shared/executor/http/agents.ts';
import { httpExecutor } from '../../../shared/executor/http/http.ts';
import type { StepError } from '../../../shared/kernel/step-error.ts';
import { http } from '../../../shared/step/http.ts';
import type { LeafContext } from '../../../shared/step/kind.ts';
import { aLeafContext } from '../../harness/leaf-context.ts';

const LOOPBACK = ['127.0.0.0/8', '::1/128'];

/** A server on a free port until the test ends; answers its base URL and the number of connections it has seen. */
export async function aServer(listener: RequestListener, host = '127.0.0.1') {
  const server = createServer(listener);
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  const port = await listen(server, host);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, port, url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`, connections: () => connections };
}

/** A server that speaks whatever `speak` writes. */
export async function aTcpServer(speak: (socket: Socket, connection: number) => void) {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    speak(socket, sockets.size);
  });
  const port = await listen(server, '127.0.0.1');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port, url: `http://127.0.0.1:${port}`, connections: () => sockets.size };
}

export function listen(server: Server, host: string): Promise<number> {
  return new Promise((resolve) => server.listen(0, host, () => resolve(portOf(server.address()))));
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

/** A caller that checks the spec as the worker does; loopback is allowed unless a test says otherwise. */
export function aCaller(settings: NetworkSettings = {}) {
  const executor = httpExecutor(openNetwork({ allowedNetworks: LOOPBACK, ...settings }));
  return async (spec: object, context: Partial<LeafContext> = {}) =>
    (await executor.execute(http.resolved.parse({ method: 'GET', ...spec }), aContext(context))) as {
      status: number;
      headers: Record<string, string>;
      body: unknown;
    };
}

function aContext(overrides: Partial<LeafContext> = {}): LeafContext {
  const now = () => new Date('2026-01-15T08:00:00.000Z');
  return aLeafContext({ runId: 'run1', stepKey: 'lines[2]/book', now, ...overrides });
}

/** The error that a call fails with. */
export async function failureOf(call: Promise<unknown>): Promise<StepError> {
  return call.then(
    (value) => {
      throw new Error(`expected a failure, got ${JSON.stringify(value)}`);
    },
    (error: StepError) => error,
  );
}
