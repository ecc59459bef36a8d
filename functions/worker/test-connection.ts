import { visible } from '../../shared/access/tenancy.ts';
import type { RequestOf } from '../../shared/api/request-of.ts';
import { connectionView } from '../../shared/connection/connection.http.ts';
import type { ConnectionStatus } from '../../shared/connection/connection.ts';
import { type OpenConnection, type OpenServices, opened } from '../../shared/connection/open-connection.ts';
import { connections as connectionsOperations } from '../../shared/connection/operations.http.ts';
import { ok } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import { trySmtp } from '../../shared/executor/email/try-smtp.ts';
import { type Network, openNetwork } from '../../shared/executor/http/agents.ts';
import { tryConnection } from '../../shared/executor/http/try-connection.ts';
import * as env from '../../shared/kernel/env.ts';
import { Problem } from '../../shared/kernel/problem.ts';
import { connections, now, recorder, seals } from '../adapters.ts';

type Services = OpenServices & { network: Network };

export async function testConnection({ params, body, caller }: RequestOf<'testConnection'>, services: Services) {
  const { connection_id: id } = params;
  const seen = visible(caller, 'connection', id, await services.connections.find(caller.workspace, id));
  const open = await opened(services, seen, () => {});
  const status = await tried(open, body.url, services);
  await services.connections.report(seen, status);
  if (status.state !== 'connected') return ok(connectionView({ ...seen, status }));
  await services.connections.callAnswered(seen);
  const { circuit: _, failures: __, ...answered } = seen;
  return ok(connectionView({ ...answered, status }));
}

function tried(open: OpenConnection, url: string | undefined, services: Services): Promise<ConnectionStatus> {
  if (open.type !== 'smtp') return tryConnection(open, url, services);
  if (url === undefined) return trySmtp(open, services);
  throw new Problem('invalid', 'A connection of type smtp is tried without a url.', [{ name: 'url', value: 'is not for smtp' }]);
}

export const handler = http(
  connectionsOperations,
  { testConnection },
  (): Services => ({ connections: connections(), seals: seals(), network: openNetwork(env.stepNetwork()), now }),
  recorder,
);
