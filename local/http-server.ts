import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  STATUS_CODES,
} from 'node:http';
import { gatewayAnswer } from './api-gateway/answer.ts';

/** How long a sender may take for the head of a request, for all of it, and between two. */
const TIMEOUTS = { headersTimeout: 20_000, requestTimeout: 120_000, keepAliveTimeout: 60_000 };

/** `sync-` is what the SDK writes before the host of a synchronous start. */
const LOOPBACK_NAMES = ['127.0.0.1', 'localhost', '[::1]', 'sync-127.0.0.1', 'sync-localhost'];

/** What Node.js says about bytes that are no request; all else is a bad one. */
const STATUS_OF: Record<string, number> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/**
 * A server that survives whatever is thrown at its port, and says in JSON what is wrong with it. Connections beyond `most` are closed at once:
 * they would take the descriptors that those need which are being served.
 */
export function sturdyServer(listener: RequestListener, most: number, options: ServerOptions = {}): Server {
  // Without these two, Node.js answers some requests itself, with an empty body.
  const server = createServer({ ...TIMEOUTS, requireHostHeader: false, ...options }, listener);
  server.on('checkExpectation', listener);
  server.maxConnections = most;
  makeRoom(server, most);
  server.on('clientError', (error, socket) => {
    if (!socket.writable) return void socket.destroy();
    const status = ('code' in error && STATUS_OF[String(error.code)]) || 400;
    const { headers, body } = gatewayAnswer(status, STATUS_CODES[status] ?? '');
    const fields = Object.entries({ ...headers, connection: 'close' }).map((field) => field.join(': '));
    socket.end([`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...fields, '', body].join('\r\n'));
  });
  return server;
}

/** Connections that nobody uses make way for new ones, while these can still come in and once they no longer can. */
function makeRoom(server: Server, most: number): void {
  let open = 0;
  server.on('connection', (socket) => {
    open += 1;
    socket.once('close', () => {
      open -= 1;
    });
    if (open > most / 2) server.closeIdleConnections();
  });
  server.on('drop', () => server.closeIdleConnections());
}

/**
 * Refuses requests under names that do not mean this machine: a page in a browser can make a name of its own resolve to loopback, and would
 * then be of the same origin as what answers here.
 */
export function forNames(names: readonly string[], listener: RequestListener): RequestListener {
  return (request, response) => {
    if (isNamed(names, request)) return listener(request, response);
    const name = nameIn(request);
    const { status, headers, body } = gatewayAnswer(
      403,
      `"${name}" is not a name of this machine; ALLOWED_HOSTS can make it one`,
    );
    response.writeHead(status, { ...headers, connection: 'close' }).end(body);
  };
}

const nameIn = ({ headers }: IncomingMessage) => (headers.host ?? '').replace(/:\d+$/, '').toLowerCase();

/** Whether the request is under a name of this machine. */
export function isNamed(names: readonly string[], request: IncomingMessage): boolean {
  const name = nameIn(request);
  return LOOPBACK_NAMES.includes(name) || names.includes(name);
}
