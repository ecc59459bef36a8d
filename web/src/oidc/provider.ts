import * as oauth from 'oauth4webapi';

/** What a sign-in provider has given: the ID token, and what another is had with. */
export interface Token {
  kind: 'token';
  token: string;
  issuer: string;
  clientId: string;
  /** In milliseconds since 1970. */
  expiresAt: number;
  refreshToken?: string;
  /** As which of several members. */
  member?: string;
}

/** The provider at which people sign in, as `GET /v1/sign-in` says. */
export interface Provider {
  issuer: string;
  client_id: string;
}

/** Where the provider sends people back to; it has to be told of this address. */
export const RETURN_PATH = '/signed-in';
const PLACE = 'millrun.sign-in';
const SCOPES = ['openid', 'email', 'profile'];
const RENEWING = 'offline_access';
const CLOCKS_DIFFER_S = 30;

/** What is remembered in this tab while somebody is at the provider. */
interface Leaving {
  state: string;
  nonce: string;
  verifier: string;
  /** The page that they wanted. */
  back: string;
}

const clientOf = (client_id: string): oauth.Client => ({ client_id, [oauth.clockTolerance]: CLOCKS_DIFFER_S });
/** Plain HTTP is for providers of this machine: the settings of the stack take no other. */
const overHttp = (issuer: string) => ({ [oauth.allowInsecureRequests]: issuer.startsWith('http:') });

async function discovered(issuer: string): Promise<oauth.AuthorizationServer> {
  const url = new URL(issuer);
  const answer = await oauth.discoveryRequest(url, { algorithm: 'oidc', ...overHttp(issuer) });
  return oauth.processDiscoveryResponse(url, answer);
}

const returnAddress = () => location.origin + RETURN_PATH;

/** Goes to the provider's page. `back` is the page of ours that is shown afterwards. */
export async function leaveFor({ issuer, client_id }: Provider, back: string): Promise<void> {
  const server = await discovered(issuer);
  if (server.authorization_endpoint === undefined) throw new Error(`${issuer} does not say where people sign in.`);
  const leaving: Leaving = {
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
    verifier: oauth.generateRandomCodeVerifier(),
    back,
  };
  sessionStorage.setItem(PLACE, JSON.stringify(leaving));
  const canRenew = server.scopes_supported?.includes(RENEWING) ?? false;
  const to = new URL(server.authorization_endpoint);
  const query = {
    client_id,
    redirect_uri: returnAddress(),
    response_type: 'code',
    scope: [...SCOPES, ...(canRenew ? [RENEWING] : [])].join(' '),
    state: leaving.state,
    nonce: leaving.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(leaving.verifier),
    code_challenge_method: 'S256',
    // Without being asked, providers give nothing that outlasts the page.
    ...(canRenew && { prompt: 'consent' }),
  };
  for (const [name, value] of Object.entries(query)) to.searchParams.set(name, value);
  location.assign(to);
}

/** Exchanges the code with which the provider has sent somebody back. */
export async function arrived({ issuer, client_id }: Provider, at: URL): Promise<{ token: Token; back: string }> {
  const leaving = takeLeaving();
  if (!leaving) throw new Error('This tab has not asked to sign in, or has done so already. Sign in again.');
  const client = clientOf(client_id);
  const server = await discovered(issuer);
  const parameters = oauth.validateAuthResponse(server, client, at, leaving.state);
  const answer = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    oauth.None(),
    parameters,
    returnAddress(),
    leaving.verifier,
    overHttp(issuer),
  );
  const given = await oauth.processAuthorizationCodeResponse(server, client, answer, {
    expectedNonce: leaving.nonce,
    requireIdToken: true,
  });
  return { token: tokenIn(given, issuer, client_id), back: leaving.back };
}

/** Another token for the same person, without asking them. */
export async function renewed(who: Token): Promise<Token> {
  const { issuer, clientId, refreshToken = '', member } = who;
  const client = clientOf(clientId);
  const server = await discovered(issuer);
  const answer = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), refreshToken, overHttp(issuer));
  const given = await oauth.processRefreshTokenResponse(server, client, answer);
  return { refreshToken, ...tokenIn(given, issuer, clientId), ...(member !== undefined && { member }) };
}

/** Whether the provider has said no, so that asking it again is of no use. */
export const isRefusal = (error: unknown) =>
  error instanceof oauth.ResponseBodyError ||
  (error instanceof oauth.OperationProcessingError && error.code === oauth.INVALID_RESPONSE);

/** What went wrong at the provider, in its own words where it has any. */
export function wordsOf(error: unknown): string {
  if (error instanceof oauth.AuthorizationResponseError || error instanceof oauth.ResponseBodyError)
    return `The sign-in provider refused: ${error.error_description ?? error.error}.`;
  if (error instanceof TypeError) return 'The sign-in provider is not reached. Try again in a moment.';
  return error instanceof Error ? error.message : String(error);
}

function tokenIn(given: oauth.TokenEndpointResponse, issuer: string, clientId: string): Token {
  const claims = oauth.getValidatedIdTokenClaims(given);
  if (!claims || given.id_token === undefined)
    throw new oauth.OperationProcessingError('The sign-in provider gave no ID token.', { code: oauth.INVALID_RESPONSE });
  return {
    kind: 'token',
    token: given.id_token,
    issuer,
    clientId,
    expiresAt: claims.exp * 1000,
    ...(given.refresh_token !== undefined && { refreshToken: given.refresh_token }),
  };
}

/** Once: a code is good for one exchange. */
function takeLeaving(): Leaving | undefined {
  const stored = sessionStorage.getItem(PLACE);
  sessionStorage.removeItem(PLACE);
  return stored === null ? undefined : (JSON.parse(stored) as Leaving);
}
