import { createHash } from 'node:crypto';
import * as oauth from 'oauth4webapi';
import * as z from 'zod';
import { CONNECTION_TYPES, type SecretOf, type SettingsOf } from '../../connection/connection-type.ts';
import type { OpenConnection } from '../../connection/open-connection.ts';
import type { Tokens } from '../../connection/tokens.ts';
import { StepError } from '../../kernel/step-error.ts';
import type { Credential, CredentialContext } from './credential.ts';
import { fetchOver } from './fetch-over.ts';
import { failureOf } from './oauth2.ts';

type Settings = SettingsOf<'oauth2_authorization_code'>;
type Secret = SecretOf<'oauth2_authorization_code'>;

/** What an authorization is begun and completed with. */
export interface Proof {
  state: string;
  /** RFC 7636: whoever has only seen the code cannot exchange it. */
  verifier: string;
  redirectUri: string;
}

export const newProof = (redirectUri: string): Proof => ({
  state: oauth.generateRandomState(),
  verifier: oauth.generateRandomCodeVerifier(),
  redirectUri,
});

/** Where a person authorizes the client: RFC 6749, 4.1.1. */
export function authorizationUrl(settings: Settings, { state, verifier, redirectUri }: Proof): string {
  const url = new URL(settings.authorization_url);
  const challenge = createHash('sha256').update(verifier).digest('base64url');
  const parameters = {
    response_type: 'code',
    client_id: settings.client_id,
    redirect_uri: redirectUri,
    state,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    scope: settings.scope,
    audience: settings.audience,
    prompt: settings.prompt,
    access_type: settings.access_type,
  };
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) url.searchParams.set(name, value);
  return url.href;
}

/** The tokens for what a provider has sent a person back with. Throws `StepError` when there are none. */
export async function exchangeCode(
  connection: OpenConnection,
  answer: URLSearchParams,
  proof: Proof,
  context: CredentialContext,
): Promise<Tokens> {
  const { settings, client, server, authentication } = partiesOf(connection);
  const parameters = new URLSearchParams(answer);
  // Without its name in the settings there is nothing to compare; the state stands for one connection, and so for one provider.
  if (settings.issuer === undefined) parameters.delete('iss');
  try {
    const checked = oauth.validateAuthResponse(server, client, parameters, proof.state);
    const { redirectUri, verifier } = proof;
    const options = optionsFor(settings, context);
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      authentication,
      checked,
      redirectUri,
      verifier,
      options,
    );
    const granted = await oauth.processAuthorizationCodeResponse(server, client, await withoutIdentity(response));
    return tokensOf(granted, context.now());
  } catch (error) {
    if (error instanceof oauth.AuthorizationResponseError)
      throw new StepError('CredentialRejected', `The provider answered ${wordsOf(error.error, error.error_description)}.`);
    throw await failureOf(error, connection, new URL(settings.token_url));
  }
}

interface Parts {
  connection: OpenConnection;
  credential: Credential;
}

/** The token to call with; renewed where it has to be. Throws `StepError`: `CredentialRejected` when that is refused. */
export async function authorizedToken({ connection, credential }: Parts, context: CredentialContext): Promise<string> {
  const { isFresh } = credential;
  try {
    return await connection.token({ isFresh, signal: context.signal, renew: (token) => renew(connection, token, context) });
  } catch (error) {
    if (error instanceof StepError && error.name === 'CredentialRejected')
      await connection.report({ ok: false, reason: error.message });
    throw error;
  }
}

async function renew(connection: OpenConnection, refreshToken: string, context: CredentialContext): Promise<Tokens> {
  const { settings, client, server, authentication } = partiesOf(connection);
  try {
    const options = optionsFor(settings, context);
    const response = await oauth.refreshTokenGrantRequest(server, client, authentication, refreshToken, options);
    return tokensOf(await oauth.processRefreshTokenResponse(server, client, await withoutIdentity(response)), context.now());
  } catch (error) {
    throw await failureOf(error, connection, new URL(settings.token_url));
  }
}

function partiesOf({ settings: given, secrets }: OpenConnection) {
  const type = CONNECTION_TYPES.oauth2_authorization_code;
  const settings = type.settings.parse(given);
  const secret = type.secret.parse(secrets[0] ?? {});
  const url = new URL(settings.token_url);
  const server: oauth.AuthorizationServer = {
    issuer: settings.issuer ?? url.origin,
    token_endpoint: url.href,
    ...(settings.issuer !== undefined && { authorization_response_iss_parameter_supported: true }),
  };
  const client: oauth.Client = { client_id: settings.client_id };
  return { settings, client, server, authentication: authenticationOf(settings, secret) };
}

function authenticationOf({ client_authentication: how }: Settings, { client_secret: secret }: Secret): oauth.ClientAuth {
  if (secret === undefined || how === 'none') return oauth.None();
  return how === 'body' ? oauth.ClientSecretPost(secret) : oauth.ClientSecretBasic(secret);
}

const optionsFor = ({ token_url }: Settings, { network, signal }: CredentialContext) => ({
  [oauth.customFetch]: fetchOver(network, signal),
  [oauth.allowInsecureRequests]: token_url.startsWith('http:'),
  signal,
});

const object = z.record(z.string(), z.unknown());

/** Who the person is is nothing to us, and would be checked against keys that nobody has named. */
async function withoutIdentity(response: Response): Promise<Response> {
  if (!response.ok) return response;
  const { data } = object.safeParse(
    await response
      .clone()
      .json()
      .catch(() => undefined),
  );
  if (data?.['id_token'] === undefined) return response;
  const { id_token: _, ...rest } = data;
  return new Response(JSON.stringify(rest), { status: response.status, headers: { 'content-type': 'application/json' } });
}

const tokensOf = ({ access_token, refresh_token, expires_in }: oauth.TokenEndpointResponse, now: Date): Tokens => ({
  access: access_token,
  ...(refresh_token !== undefined && { refresh: refresh_token }),
  ...(expires_in !== undefined && { expiresAt: new Date(now.getTime() + expires_in * 1000).toISOString() }),
});

const wordsOf = (error: string, description: string | undefined) =>
  [error, description]
    .filter((one) => one !== undefined)
    .join(': ')
    .slice(0, 300);
