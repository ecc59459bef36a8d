import { createHash, randomBytes } from 'node:crypto';
import { visible } from '../../shared/access/tenancy.ts';
import type { RequestOf } from '../../shared/api/request-of.ts';
import type { Authorization, Authorizations } from '../../shared/connection/authorization.ts';
import type { Connection } from '../../shared/connection/connection.ts';
import { CONNECTION_TYPES } from '../../shared/connection/connection-type.ts';
import { type OpenServices, opened as openedConnection } from '../../shared/connection/open-connection.ts';
import { connections as connectionsOperations } from '../../shared/connection/operations.http.ts';
import { withTokens } from '../../shared/connection/tokens.ts';
import { ok } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import { type Network, openNetwork } from '../../shared/executor/http/agents.ts';
import { authorizationUrl, exchangeCode, newProof } from '../../shared/executor/http/authorization-code.ts';
import { acting, type Recorder } from '../../shared/kernel/acting.ts';
import { actorOf } from '../../shared/kernel/actor.ts';
import * as env from '../../shared/kernel/env.ts';
import { Problem } from '../../shared/kernel/problem.ts';
import { StepError } from '../../shared/kernel/step-error.ts';
import { authorizations, connections, now, recorder, seals } from '../adapters.ts';

type Services = OpenServices & { authorizations: Authorizations; network: Network; recorder: Recorder };

/** Enough to sign in and to find a second factor. */
const OPEN_MS = 15 * 60_000;
const EXCHANGE_MS = 15_000;
const TRIES = 3;
/** What the browser is known again by that has begun an authorization. */
const COOKIE = 'millrun-authorization';

/** Begins an authorization in the name of the caller. */
export async function authorizeConnection(request: RequestOf<'authorizeConnection'>, services: Services) {
  const { params, caller, origin } = request;
  const { connection_id: id } = params;
  const connection = visible(caller, 'connection', id, await services.connections.find(caller.workspace, id));
  const { name, project, type, workspace } = connection;
  if (type !== 'oauth2_authorization_code')
    throw new Problem(
      'conflict',
      `Connection "${name}" is of type ${type}: nobody has to authorize it. Its secret is all it needs.`,
    );
  const proof = newProof(`${origin}/oauth/callback`);
  const { state, verifier, redirectUri } = proof;
  const until = new Date(services.now().getTime() + OPEN_MS).toISOString();
  const sealed = await services.seals.seal(verifier, { connection: id });
  const started = { workspace, connectionId: id, actor: actorOf(caller), redirectUri, verifier: sealed, until };
  await services.authorizations.begin(state, started, { name, project });
  const url = `${redirectUri}?${new URLSearchParams({ begin: state })}`;
  return ok({ url, redirect_uri: redirectUri, expires_at: until });
}

/** What a provider is opened by, and what it sends people back to: one browser does both. */
export async function takeAuthorization(request: RequestOf<'takeAuthorization'>, services: Services) {
  const { begin, state } = request.query;
  const { cookies } = request.raw;
  if (begin !== undefined) return opened(begin, cookies[COOKIE], services);
  if (state !== undefined) return taken(request, { state, browser: cookies[COOKIE] ?? '' }, services);
  throw new Problem('invalid', 'The query is not valid: state: is missing', [{ name: 'state', value: 'is missing' }]);
}

const hashOf = (browser: string) => createHash('sha256').update(browser).digest('hex');

/** Sends the browser on to the provider, with something to be known again by. */
async function opened(state: string, known: string | undefined, services: Services) {
  const browser = known ?? randomBytes(32).toString('base64url');
  const started = await services.authorizations.open(state, hashOf(browser), services.now());
  if (!started) throw notOpen();
  const { connectionId: id, workspace, redirectUri } = started;
  const { settings } = await authorizedBy(services, workspace, id);
  const verifier = await services.seals.open(started.verifier, { connection: id });
  const { pathname, protocol } = new URL(redirectUri);
  const cookie = [`${COOKIE}=${browser}`, `Path=${pathname}`, `Max-Age=${OPEN_MS / 1000}`, 'HttpOnly', 'SameSite=Lax'];
  const headers = {
    location: authorizationUrl(CONNECTION_TYPES.oauth2_authorization_code.settings.parse(settings), {
      state,
      verifier,
      redirectUri,
    }),
    'set-cookie': [...cookie, ...(protocol === 'https:' ? ['Secure'] : [])].join('; '),
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
  };
  return { status: 302, headers };
}

const notOpen = () =>
  new Problem(
    'not-found',
    'This answer belongs to no authorization that is open. Each is good once, for 15 minutes and in one browser: begin another one.',
  );

async function authorizedBy({ connections }: Services, workspace: string, id: string): Promise<Connection> {
  const connection = await connections.find(workspace, id);
  if (connection?.type === 'oauth2_authorization_code') return connection;
  throw new Problem('conflict', 'The connection was deleted meanwhile. Make it again, and begin another authorization.');
}

/** Completes it, in the name of who began it. */
async function taken(
  { raw }: RequestOf<'takeAuthorization'>,
  { state, browser }: { state: string; browser: string },
  services: Services,
) {
  const started = await services.authorizations.take(state, hashOf(browser), services.now());
  if (!started) throw notOpen();
  if (started === 'of another browser')
    throw new Problem(
      'forbidden',
      'This authorization was begun in another browser, or its cookie is gone: finish it there, or begin another one.',
    );
  const { actor, workspace } = started;
  const what = { act: 'connection.authorize', actor, workspace, from: { ip: raw.sourceIp } } as const;
  const { name } = await acting(what, services.recorder, () => completed(services, started, new URLSearchParams(raw.query)));
  return {
    status: 200,
    body: `Connection "${name}" is authorized. This page can be closed.\n`,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' },
  };
}

async function completed(services: Services, started: Authorization, answer: URLSearchParams): Promise<Connection> {
  const { connectionId: id, workspace, redirectUri, actor } = started;
  const connection = await authorizedBy(services, workspace, id);
  const verifier = await services.seals.open(started.verifier, { connection: id });
  const open = await openedConnection(services, connection, () => {});
  const context = { network: services.network, signal: AbortSignal.timeout(EXCHANGE_MS), now: services.now };
  const proof = { state: answer.get('state') ?? '', verifier, redirectUri };
  const tokens = await exchangeCode(open, answer, proof, context).catch((error: unknown) => {
    throw error instanceof StepError ? new Problem('conflict', error.message) : error;
  });
  // A step may renew the tokens before at the same time.
  for (let tried = 0; tried < TRIES; tried++) {
    const seen = tried === 0 ? connection : await services.connections.byName(workspace, connection.project, connection.name);
    if (seen?.id !== id) break;
    const next = await withTokens(services, seen, tokens, actor);
    if (await services.connections.keepTokens(seen, next)) return next;
  }
  throw new Problem('conflict', `Connection "${connection.name}" was changed meanwhile. Begin another authorization.`);
}

export const handler = http(
  connectionsOperations,
  { authorizeConnection, takeAuthorization },
  (): Services => ({
    connections: connections(),
    authorizations: authorizations(),
    seals: seals(),
    network: openNetwork(env.stepNetwork()),
    recorder: recorder(),
    now,
  }),
  recorder,
);
