import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { signedService, unsigned } from './authenticate.ts';
import { AwsError } from './aws-error.ts';
import type { Credential } from './credential.ts';
import { answerJson, type JsonOperations } from './json-protocol.ts';
import { answerSts } from './sts.ts';

/** What stands behind the one endpoint that every SDK client is pointed to. */
export interface Services {
  dynamodb: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** Told whether the request is signed; links and forms that are signed for others it checks itself. */
  s3: (request: IncomingMessage, response: ServerResponse, signed: boolean) => Promise<void>;
  scheduler: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  ses: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** Of WebSocket APIs: messages to their connections. */
  connections: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** By the prefix of `x-amz-target`. */
  json: Record<string, JsonOperations>;
  /** What nobody signs a request for. */
  open: OpenService[];
}

interface OpenService {
  owns(request: IncomingMessage): boolean;
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** Routes a request to the service it is for: by path, by target, by form, else S3. All but the open ones are for who holds the credential. */
export function awsListener(services: Services, credential: Credential): RequestListener {
  return (request, response) => {
    route(services, credential, request, response).catch((error: unknown) => fail(response, error));
  };
}

async function route(
  services: Services,
  credential: Credential,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const open = services.open.find((one) => one.owns(request));
  if (open) return open.answer(request, response);

  const service = await signedService(request, credential);
  const target = request.headers['x-amz-target']?.toString();
  if (target && service === undefined) throw unsigned();
  if (target?.startsWith('DynamoDB')) return services.dynamodb(request, response);
  if (target) {
    const operations = services.json[target.split('.')[0] ?? ''];
    return answerJson(operations ?? {}, request, response);
  }
  if (service === 'scheduler') return services.scheduler(request, response);
  if (service === 'execute-api') return services.connections(request, response);
  if (service === 'sts') return answerSts(request, response);
  if (service === 'ses') return services.ses(request, response);
  if (service && service !== 's3')
    throw new AwsError('UnknownService', `The service ${service} is not served by the embedded cloud`, 501);
  return services.s3(request, response, service !== undefined);
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  const known =
    error instanceof AwsError ? error : new AwsError('InternalFailure', error instanceof Error ? error.message : 'failed', 500);
  response.writeHead(known.status, { 'content-type': 'application/json', 'x-amzn-errortype': known.name, connection: 'close' });
  response.end(JSON.stringify({ __type: known.name, message: known.message }));
}
