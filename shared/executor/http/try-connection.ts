import type { ConnectionStatus } from '../../connection/connection.ts';
import { CONNECTION_TYPES } from '../../connection/connection-type.ts';
import type { OpenConnection } from '../../connection/open-connection.ts';
import { maskOf } from '../../kernel/mask.ts';
import { Problem } from '../../kernel/problem.ts';
import { StepError } from '../../kernel/step-error.ts';
import type { Network } from './agents.ts';
import { awsCredentials } from './assumed-role.ts';
import { authorized, checkDestination } from './authorize.ts';
import { readBody } from './body.ts';
import { credentialsOf } from './credential.ts';
import { describe } from './failure.ts';
import type { HttpRequest } from './request.ts';
import { send } from './send.ts';

const TIME_LIMIT_MS = 15_000;
const GLIMPSE_BYTES = 16 * 1024;

/**
 * Calls a URL with the newest secret of a connection; without a URL, fetches a token, or assumes a role, where the type has them. Answers how the connection stands. Throws
 * `invalid` when there is nothing to call.
 */
export async function tryConnection(
  connection: OpenConnection,
  url: string | undefined,
  { network, now }: { network: Network; now: () => Date },
): Promise<ConnectionStatus> {
  if (url === undefined && connection.settings['role_arn'] !== undefined) return tryRole(connection, now);
  const signal = AbortSignal.timeout(TIME_LIMIT_MS);
  const target = url ?? tokenUrlOf(connection);
  const request: HttpRequest = { method: 'GET', url: new URL(target), headers: { accept: '*/*', 'user-agent': 'millrun' } };
  const [credential] = credentialsOf(connection);
  if (!credential) throw new Problem('conflict', `Connection "${connection.name}" has no secret that may be used.`);
  const since = () => now().toISOString();
  try {
    if (url !== undefined) checkDestination(connection, request);
    const sent = await authorized(request, connection, { ...credential, isFresh: true }, { network, signal, now });
    const reason = url === undefined ? undefined : await refusalOf(sent, request, network, signal);
    return reason === undefined ? { state: 'connected', since: since() } : { state: 'not_connected', since: since(), reason };
  } catch (error) {
    const reason = signal.aborted ? `${describe(request)} did not answer within 15 s` : reasonOf(error);
    const secrets = connection.secrets.flatMap((secret) => Object.values(secret));
    return { state: 'not_connected', since: since(), reason: maskOf(secrets).text(reason).slice(0, 500) };
  }
}

/** Whether the role may be assumed: what it may do then is for a call to say. */
async function tryRole(connection: OpenConnection, now: () => Date): Promise<ConnectionStatus> {
  const { aws, bedrock } = CONNECTION_TYPES;
  const since = now().toISOString();
  try {
    const { type, settings } = connection;
    const role = type === 'bedrock' ? bedrock.settings.parse(settings) : aws.settings.parse(settings);
    await awsCredentials(connection, role, {}, now(), true);
    return { state: 'connected', since };
  } catch (error) {
    return { state: 'not_connected', since, reason: reasonOf(error).slice(0, 500) };
  }
}

function tokenUrlOf({ type, settings }: OpenConnection): string {
  if (type === 'oauth2_client_credentials') return CONNECTION_TYPES[type].settings.parse(settings).token_url;
  throw new Problem('invalid', `Say a url to call: a connection of type ${type} can be tried in no other way.`, [
    { name: 'url', value: 'is missing' },
  ]);
}

async function refusalOf(sent: HttpRequest, shown: HttpRequest, network: Network, signal: AbortSignal) {
  const answer = await send(sent, network, signal);
  await readBody(answer, GLIMPSE_BYTES).catch(() => undefined);
  const status = answer.statusCode ?? 0;
  return status === 401 || status === 403 || status >= 500 ? `${describe(shown)} answered ${status}` : undefined;
}

function reasonOf(error: unknown): string {
  if (error instanceof StepError) return error.message;
  throw error;
}
