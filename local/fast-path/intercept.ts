/** Answers a command in this process; undefined when it is better sent. */
export type Serve = (operation: string, input: object) => Promise<object | undefined>;

interface Client {
  config: { endpoint?: (() => Promise<{ hostname: string; port?: number }>) | undefined };
}

interface Command {
  constructor: { name: string };
  input: object;
}

type Send = (this: Client, command: Command, ...rest: unknown[]) => unknown;

/** Who serves the clients of a class, by the port that they would send to. */
const served = new Map<object, Map<number, Serve>>();
const ports = new WeakMap<Client, number>();

/** Has the commands of clients of this class served that would go to this port of this machine. Returns how to end it. */
export function intercept(prototype: object, { port, variable }: { port: number; variable: string }, serve: Serve): () => void {
  const byPort = served.get(prototype) ?? patched(prototype, variable);
  byPort.set(port, serve);
  return () => byPort.delete(port);
}

function patched(prototype: object, variable: string): Map<number, Serve> {
  const byPort = new Map<number, Serve>();
  served.set(prototype, byPort);
  const send: unknown = Reflect.get(prototype, 'send');
  // Another version of the SDK: slower, and otherwise the same.
  if (!isSend(send)) return byPort;
  Reflect.set(prototype, 'send', function (this: Client, command: Command, ...rest: unknown[]) {
    const serve = byPort.size > 0 && isPlain(rest) ? byPort.get(portOf(this, variable) ?? 0) : undefined;
    if (!serve) return send.call(this, command, ...rest);
    const operation = command.constructor.name.replace(/Command$/, '');
    return serve(operation, command.input).then((answer) => answer ?? send.call(this, command, ...rest));
  });
  return byPort;
}

/** A time limit is for connections. A call that may be called off, or that calls back, goes the long way. */
const isPlain = ([options]: unknown[]) =>
  options === undefined || (typeof options === 'object' && options !== null && !('abortSignal' in options));

/** Undefined for a client of elsewhere, and for one with an endpoint of its own until that is known. */
function portOf(client: Client, variable: string): number | undefined {
  const known = ports.get(client);
  if (known !== undefined) return known;
  const { endpoint } = client.config;
  if (endpoint) {
    void endpoint().then(({ hostname, port }) => ports.set(client, hostname === '127.0.0.1' ? (port ?? 0) : 0));
    return undefined;
  }
  const url = URL.parse(process.env[variable] ?? process.env['AWS_ENDPOINT_URL'] ?? '');
  ports.set(client, url?.hostname === '127.0.0.1' ? Number(url.port) : 0);
  return ports.get(client);
}

function isSend(value: unknown): value is Send {
  return typeof value === 'function';
}
