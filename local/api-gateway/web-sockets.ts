import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import * as z from 'zod';
import { AwsError } from '../aws/aws-error.ts';
import { readBody } from '../aws/body.ts';
import { propertiesOf } from '../cloudformation/properties.ts';
import type { Stack } from '../cloudformation/stack.ts';
import { TemplateRefused } from '../cloudformation/template.ts';
import type { Functions } from '../lambda/functions.ts';
import { functionOf } from './gateway.ts';

/** Where the WebSocket API of the stack answers, beside its HTTP API. */
export const LIVE_PATH = '/v1/live';

const api = z.object({ ProtocolType: z.literal('WEBSOCKET'), RouteSelectionExpression: z.string() });
const ofApi = z.object({ ApiId: z.string() });
const stage = ofApi.extend({ StageName: z.string() });
const route = ofApi.extend({ RouteKey: z.enum(['$connect', '$disconnect', '$default']), Target: z.string() });
const integration = z.object({ IntegrationType: z.literal('AWS_PROXY'), IntegrationUri: z.string() });

export interface DeclaredWebSockets {
  apiId: string;
  stage: string;
  /** By route key. */
  functions: ReadonlyMap<string, string>;
}

/** The WebSocket API of the stack, if it has one. Routes by what is in a message are refused. */
export function declaredWebSockets(stack: Stack): DeclaredWebSockets | undefined {
  const [first, ...more] = stack
    .ofType('AWS::ApiGatewayV2::Api')
    .filter(({ properties }) => properties['ProtocolType'] !== 'HTTP');
  if (!first) return undefined;
  if (more.length > 0) throw new TemplateRefused('The stack declares several WebSocket APIs; one is served');
  propertiesOf(first, api);
  const own = (type: string) => stack.ofType(type).filter(({ properties }) => properties['ApiId'] === first.name);
  const integrations = new Map(own('AWS::ApiGatewayV2::Integration').map((one) => [one.name, propertiesOf(one, integration)]));
  const functions = own('AWS::ApiGatewayV2::Route').map((one): [string, string] => {
    const { RouteKey, Target } = propertiesOf(one, route);
    const target = integrations.get(Target.replace(/^integrations\//, ''));
    if (!target) throw new TemplateRefused(`${one.logicalId} has no integration here`);
    return [RouteKey, functionOf(target.IntegrationUri)];
  });
  const [named] = own('AWS::ApiGatewayV2::Stage').map((one) => propertiesOf(one, stage));
  return { apiId: first.name, stage: named?.StageName ?? '', functions: new Map(functions) };
}

/** As API Gateway: a message, and what may wait for a client that does not read. */
const LONGEST_MESSAGE = 128 * 1024;
const MOST_WAITING_BYTES = 1024 * 1024;
const PING_EVERY_MS = 30_000;
const CONNECTION_PATH = /^\/[^/]+\/@connections\/([^/?]+)$/;

interface Open {
  socket: WebSocket;
  connectedAt: number;
  alive: boolean;
}

/** WebSocket connections as API Gateway keeps them: events to functions, and messages back by the id of a connection. */
export class WebSockets {
  readonly #declared: DeclaredWebSockets;
  readonly #functions: Functions;
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: LONGEST_MESSAGE, perMessageDeflate: false });
  readonly #open = new Map<string, Open>();
  readonly #pings: NodeJS.Timeout;

  constructor(declared: DeclaredWebSockets, functions: Functions) {
    this.#declared = declared;
    this.#functions = functions;
    this.#pings = setInterval(() => this.#ping(), PING_EVERY_MS).unref();
  }

  close(): void {
    clearInterval(this.#pings);
    for (const { socket } of this.#open.values()) socket.terminate();
    this.#server.close();
  }

  /** A connection to the API's port that wants to be more than HTTP. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => {});
    if ((request.url ?? '').split('?')[0] !== LIVE_PATH)
      return void socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n');
    this.#server.handleUpgrade(request, socket, head, (client) => this.#opened(client));
  }

  /** `POST` and `DELETE /<stage>/@connections/<id>`. */
  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = decodeURIComponent(CONNECTION_PATH.exec(request.url ?? '')?.[1] ?? '');
    const body = await readBody(request, LONGEST_MESSAGE);
    if (request.method === 'POST') this.post(id, body.toString());
    else if (request.method === 'DELETE') this.end(id);
    else throw new AwsError('ForbiddenException', `${request.method} of a connection is not served by the embedded cloud`, 403);
    response.writeHead(request.method === 'POST' ? 200 : 204).end();
  }

  post(id: string, message: string): void {
    const { socket } = this.#of(id);
    if (socket.bufferedAmount > MOST_WAITING_BYTES)
      throw new AwsError('LimitExceededException', 'The client does not read.', 429);
    socket.send(message);
  }

  end(id: string): void {
    this.#of(id).socket.close(1000);
  }

  #of(id: string): Open {
    const found = this.#open.get(id);
    if (!found) throw new AwsError('GoneException', `There is no connection ${id}.`, 410);
    return found;
  }

  #opened(socket: WebSocket): void {
    const id = randomUUID();
    const open = { socket, connectedAt: Date.now(), alive: true };
    this.#open.set(id, open);
    socket.on('error', () => {});
    socket.on('pong', () => {
      open.alive = true;
    });
    const connected = this.#call('$connect', id, open);
    connected.catch(() => socket.close(1011));
    socket.on('message', (data) => {
      const body = String(data);
      connected
        .then(() => this.#call('$default', id, open, body))
        .catch(() => socket.send(JSON.stringify({ message: 'Internal server error', connectionId: id })));
    });
    socket.on('close', () => {
      this.#open.delete(id);
      this.#call('$disconnect', id, open).catch((error: unknown) => console.error('A connection was not cleared away:', error));
    });
  }

  async #call(routeKey: string, connectionId: string, { connectedAt }: Open, body?: string): Promise<void> {
    const { functions, apiId, stage } = this.#declared;
    const name = functions.get(routeKey);
    if (name === undefined) return;
    const eventType = routeKey === '$default' ? 'MESSAGE' : routeKey === '$connect' ? 'CONNECT' : 'DISCONNECT';
    const requestContext = {
      routeKey,
      eventType,
      connectionId,
      connectedAt,
      apiId,
      stage,
      requestId: randomUUID(),
      requestTimeEpoch: Date.now(),
      messageDirection: 'IN',
    };
    const answer = await this.#functions.invoke(name, {
      requestContext,
      isBase64Encoded: false,
      ...(body !== undefined && { body }),
    });
    const { statusCode = 200 } = z.object({ statusCode: z.number().optional() }).nullish().parse(answer) ?? {};
    if (statusCode >= 400) throw new Error(`The function answered ${statusCode}`);
  }

  #ping(): void {
    for (const open of this.#open.values()) {
      if (!open.alive) open.socket.terminate();
      open.alive = false;
      open.socket.ping();
    }
  }
}
