import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { AwsError } from './aws-error.ts';
import { answerJson, type JsonOperations } from './json-protocol.ts';
import { answerSts } from './sts.ts';

/** What stands behind the one endpoint that every SDK client is pointed to. */
export interface Services {
  dynamodb: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  s3: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  scheduler: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  ses: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** By the prefix of `x-amz-target`. */
  json: Record<string, JsonOperations>;
}

/** With what the SDK writes before the host of a synchronous start. */
const LOOPBACK_NAMES = /^(?:sync-)?(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;

/** Routes a request to the service it is for: by target, by form, else S3. */
export function awsListener(services: Services): RequestListener {
  return (request, response) => {
    route(services, request, response).catch((error: unknown) => fail(response, error));
  };
}

/** A server that survives whatever is thrown at its port. */
export function sturdyServer(listener: RequestListener): Server {
  const server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0 }, listener);
  server.on('clientError', (error, socket) => {
    if (!socket.writable) return void socket.destroy();
    const status =
      'code' in error && error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request';
    socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  });
  return server;
}

async function route(services: Services, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // A page in a browser can send requests here under a name that it makes resolve to loopback.
  if (!LOOPBACK_NAMES.test(request.headers.host ?? ''))
    throw new AwsError('AccessDenied', 'The embedded cloud answers to loopback names only', 403);

  const target = request.headers['x-amz-target']?.toString();
  if (target?.startsWith('DynamoDB')) return services.dynamodb(request, response);
  if (target) {
    const operations = services.json[target.split('.')[0] ?? ''];
    return answerJson(operations ?? {}, request, response);
  }
  const service = signedService(request);
  if (service === 'scheduler') return services.scheduler(request, response);
  if (service === 'sts') return answerSts(request, response);
  if (service === 'ses') return services.ses(request, response);
  if (service && service !== 's3')
    throw new AwsError('UnknownService', `The service ${service} is not served by the embedded cloud`, 501);
  return services.s3(request, response);
}

/** The service in the scope of a version 4 signature. */
function signedService(request: IncomingMessage): string | undefined {
  return /Credential=[^/,]+\/\d+\/[^/,]+\/([^/,]+)\//.exec(request.headers.authorization ?? '')?.[1];
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  const known =
    error instanceof AwsError ? error : new AwsError('InternalFailure', error instanceof Error ? error.message : 'failed', 500);
  response.writeHead(known.status, { 'content-type': 'application/json', 'x-amzn-errortype': known.name, connection: 'close' });
  response.end(JSON.stringify({ __type: known.name, message: known.message }));
}
