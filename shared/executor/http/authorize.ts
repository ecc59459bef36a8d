import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import {
  CONNECTION_TYPES,
  type HttpConnectionType,
  isForHttp,
  mayBeSentTo,
  type SecretOf,
  type SettingsOf,
} from '../../connection/connection-type.ts';
import type { OpenConnection } from '../../connection/open-connection.ts';
import { StepError } from '../../kernel/step-error.ts';
import { awsCredentials } from './assumed-role.ts';
import { authorizedToken } from './authorization-code.ts';
import type { Credential, CredentialContext } from './credential.ts';
import { describe } from './failure.ts';
import { accessToken } from './oauth2.ts';
import type { HttpRequest } from './request.ts';

/** Throws `CredentialRejected` for a URL that the credential may not be sent to. */
export function checkDestination(connection: OpenConnection, request: HttpRequest): void {
  const { hosts } = CONNECTION_TYPES[httpTypeOf(connection)].settings.parse(connection.settings);
  if (mayBeSentTo(hosts, request.url)) return;
  throw new StepError(
    'CredentialRejected',
    `Connection "${connection.name}" may be sent to ${hosts.join(', ')} only, not to ${request.url.host}. An administrator can add the host to it.`,
  );
}

function httpTypeOf({ name, type }: OpenConnection): HttpConnectionType {
  if (isForHttp(type)) return type;
  throw new StepError('InputInvalid', `Connection "${name}" is of type ${type}, which http steps cannot use.`);
}

/** The request with the credential in it. */
export function authorized(
  request: HttpRequest,
  connection: OpenConnection,
  credential: Credential,
  context: CredentialContext,
): Promise<HttpRequest> {
  const type = httpTypeOf(connection);
  const authorize = AUTHORIZE[type] as Authorize<HttpConnectionType>;
  const settings = CONNECTION_TYPES[type].settings.parse(connection.settings);
  const secret = CONNECTION_TYPES[type].secret.parse(credential.secret);
  return authorize(request, { connection, credential, settings, secret }, context);
}

interface Parts<T extends HttpConnectionType> {
  connection: OpenConnection;
  credential: Credential;
  settings: SettingsOf<T>;
  secret: SecretOf<T>;
}

type Authorize<T extends HttpConnectionType> = (
  request: HttpRequest,
  parts: Parts<T>,
  context: CredentialContext,
) => Promise<HttpRequest>;

const AUTHORIZE: { [T in HttpConnectionType]: Authorize<T> } = {
  bearer: async (request, { secret }) => withHeader(request, 'authorization', `Bearer ${secret.token}`),

  basic: async (request, { settings, secret, connection }) => {
    const text = Buffer.from(`${settings.username}:${secret.password}`).toString('base64');
    connection.conceal(text);
    return withHeader(request, 'authorization', `Basic ${text}`);
  },

  api_key: async (request, { settings, secret }) =>
    settings.in === 'header'
      ? withHeader(request, settings.name.toLowerCase(), secret.key)
      : withParameter(request, settings.name, secret.key),

  oauth2_client_credentials: async (request, parts, context) => {
    const token = await accessToken(parts, context);
    parts.connection.conceal(token);
    return withHeader(request, 'authorization', `Bearer ${token}`);
  },

  oauth2_authorization_code: async (request, parts, context) =>
    withHeader(request, 'authorization', `Bearer ${await authorizedToken(parts, context)}`),

  aws: async (request, { settings, secret, connection }, { now }) => {
    const { url, method, body } = request;
    if (body && !Buffer.isBuffer(body))
      throw new StepError('InputInvalid', `${describe(request)} sends a file, which cannot be signed for AWS.`);
    const signer = new SignatureV4({
      service: settings.service,
      region: settings.region,
      sha256: NodeSha256,
      credentials: await awsCredentials(connection, settings, secret, now()),
    });
    const signed = await signer.sign(
      {
        method,
        protocol: url.protocol,
        hostname: url.hostname,
        path: url.pathname,
        query: queryOf(url),
        headers: { ...request.headers, host: url.host },
        body,
      },
      { signingDate: now() },
    );
    const { host: _, ...headers } = signed.headers;
    return { ...request, headers };
  },
};

const withHeader = (request: HttpRequest, name: string, value: string): HttpRequest => ({
  ...request,
  headers: { ...request.headers, [name]: value },
});

function withParameter(request: HttpRequest, name: string, value: string): HttpRequest {
  const url = new URL(request.url);
  url.searchParams.set(name, value);
  return { ...request, url };
}

function queryOf({ searchParams }: URL): Record<string, string | string[]> {
  return Object.fromEntries([...new Set(searchParams.keys())].map((name) => [name, searchParams.getAll(name)]));
}

/** SHA-256 as the signer wants it. */
class NodeSha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.from(data);
}
