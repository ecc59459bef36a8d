import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import * as oauth from 'oauth4webapi';
import type { SecretOf, SettingsOf } from '../../connection/connection-type.ts';
import type { OpenConnection } from '../../connection/open-connection.ts';
import { StepError } from '../../kernel/step-error.ts';
import type { Credential, CredentialContext } from './credential.ts';
import { fetchOver } from './fetch-over.ts';

interface Token {
  text: string;
  /** When another one is fetched. */
  freshUntilMs: number;
}

interface ClientCredentials {
  connection: OpenConnection;
  credential: Credential;
  settings: SettingsOf<'oauth2_client_credentials'>;
  secret: SecretOf<'oauth2_client_credentials'>;
}

const MOST_TOKENS = 1_000;
/** A token that is about to end may be refused by a clock that is ahead. */
const EARLY_MS = 60_000;
/** RFC 6749, 5.1 only recommends that a server says how long its tokens last. */
const USUAL_SECONDS = 300;

/** Tokens that this process has; many steps that need the same one wait for it together. */
const tokens = new LRUCache<string, Promise<Token>>({ max: MOST_TOKENS });

/** A token for the client: RFC 6749, 4.4. Throws `StepError`: `CredentialRejected` when the client is refused. */
export async function accessToken(client: ClientCredentials, context: CredentialContext): Promise<string> {
  const { connection, credential, settings, secret } = client;
  const name = createHash('sha256')
    .update(JSON.stringify([connection.id, settings, secret]))
    .digest('hex');
  // Whoever finds none fetches one in the same turn, so that the others find that.
  for (let asking = credential.isFresh ? undefined : tokens.get(name); asking; asking = tokens.get(name)) {
    const known = await asking.catch(() => undefined);
    if (known && known.freshUntilMs > context.now().getTime()) return known.text;
    if (tokens.get(name) === asking) tokens.delete(name);
  }
  const fetching = fetchToken(client, context);
  tokens.set(name, fetching);
  fetching.catch(() => tokens.delete(name));
  return (await fetching).text;
}

async function fetchToken({ connection, settings, secret }: ClientCredentials, context: CredentialContext): Promise<Token> {
  const url = new URL(settings.token_url);
  const server: oauth.AuthorizationServer = { issuer: url.origin, token_endpoint: url.href };
  const client: oauth.Client = { client_id: settings.client_id };
  const authentication =
    settings.client_authentication === 'body'
      ? oauth.ClientSecretPost(secret.client_secret)
      : oauth.ClientSecretBasic(secret.client_secret);
  const parameters = new URLSearchParams();
  for (const name of ['scope', 'audience'] as const) if (settings[name]) parameters.set(name, settings[name]);
  try {
    const response = await oauth.clientCredentialsGrantRequest(server, client, authentication, parameters, {
      [oauth.customFetch]: fetchOver(context.network, context.signal),
      [oauth.allowInsecureRequests]: url.protocol === 'http:',
      signal: context.signal,
    });
    const { access_token: text, expires_in: seconds } = await oauth.processClientCredentialsResponse(server, client, response);
    return { text, freshUntilMs: context.now().getTime() + (seconds ?? USUAL_SECONDS) * 1000 - EARLY_MS };
  } catch (error) {
    throw await failureOf(error, connection, url);
  }
}

/** Reports a refusal, and gives what the step fails with. */
export async function failureOf(error: unknown, connection: OpenConnection, url: URL): Promise<unknown> {
  const refusal = await refusalOf(error);
  if (refusal === undefined) return faultOf(error, url);
  const reason = `${url.origin}${url.pathname} ${refusal}`;
  await connection.report({ ok: false, reason });
  return new StepError('CredentialRejected', `Connection "${connection.name}" got no token: ${reason}`);
}

async function refusalOf(error: unknown): Promise<string | undefined> {
  if (error instanceof oauth.ResponseBodyError && error.status < 500)
    return `answered ${error.status} ${error.error}${error.error_description ? `: ${error.error_description}` : ''}`;
  if (error instanceof oauth.WWWAuthenticateChallengeError) {
    // RFC 6749, 5.2: a server that challenges says why in the body as well.
    const body: unknown = await error.response.json().catch(() => undefined);
    return ['answered', error.status, Object(body).error].filter(Boolean).join(' ');
  }
  return undefined;
}

/** What a retry may mend is told as that of any other call. */
function faultOf(error: unknown, url: URL): unknown {
  const response = error instanceof oauth.OperationProcessingError ? error.cause : undefined;
  if (error instanceof oauth.ResponseBodyError || response instanceof Response) {
    const status = error instanceof oauth.ResponseBodyError ? error.status : (response as Response).status;
    return new StepError('HttpServerError', `POST ${url.origin}${url.pathname} answered ${status} without a token`);
  }
  return error instanceof oauth.OperationProcessingError
    ? new StepError('HttpServerError', `POST ${url.origin}${url.pathname} gave no token: ${error.message}`)
    : error;
}
