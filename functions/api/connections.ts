import { maySee, projectOf, visible } from '../../shared/access/tenancy.ts';
import type { RequestOf } from '../../shared/api/request-of.ts';
import { connectionView } from '../../shared/connection/connection.http.ts';
import type { Connection } from '../../shared/connection/connection.ts';
import { connections as connectionsOperations } from '../../shared/connection/operations.http.ts';
import * as save from '../../shared/connection/save-connection.ts';
import { created, noContent, ok } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import { pageView } from '../../shared/edge/schema.ts';
import { actorOf } from '../../shared/kernel/actor.ts';
import { Problem } from '../../shared/kernel/problem.ts';
import type { Caller } from '../../shared/kernel/role.ts';
import { usersOf } from '../../shared/workflow/connection-users.ts';
import type { Workflows } from '../../shared/workflow/workflows.ts';
import { connections, now, recorder, seals, workflows } from '../adapters.ts';

type Services = save.ConnectionServices & { workflows: Workflows };

export async function createConnection({ body, caller }: RequestOf<'createConnection'>, services: Services) {
  const { project_id: project, ...given } = body;
  projectOf(caller, project);
  const owner = { workspace: caller.workspace, project, actor: actorOf(caller) };
  return created(connectionView(await save.createConnection(services, owner, given)));
}

export async function listConnections({ query, caller }: RequestOf<'listConnections'>, { connections }: Services) {
  const project = projectOf(caller, query.project_id);
  const page = await connections.list(caller.workspace, query.limit, query.continuation_token);
  const items = page.items.filter((one) => maySee(caller, one) && (project === undefined || one.project === project));
  return ok(pageView({ ...page, items }, connectionView));
}

export async function getConnection({ params, caller }: RequestOf<'getConnection'>, services: Services) {
  const connection = await connectionOf(services, caller, params.connection_id);
  const users = await usersOf(services.workflows, connection);
  return ok({ ...connectionView(connection), used_by: users.map(({ id, name }) => ({ workflow_id: id, name })) });
}

export async function changeConnection({ params, body, caller }: RequestOf<'changeConnection'>, services: Services) {
  const seen = await connectionOf(services, caller, params.connection_id);
  const { keep_hours: keepHours, ...change } = body;
  return ok(connectionView(await save.changeConnection(services, seen, { ...change, keepHours })));
}

export async function deleteConnection({ params, query, caller }: RequestOf<'deleteConnection'>, services: Services) {
  const seen = await connectionOf(services, caller, params.connection_id);
  const users = query.force === 'true' ? [] : await usersOf(services.workflows, seen);
  if (users.length > 0)
    throw new Problem(
      'conflict',
      `Connection "${seen.name}" is used by ${users.map(({ name }) => `"${name}"`).join(', ')}. Delete it with force=true, or change them first.`,
      users.map(({ name }) => ({ name: 'workflow', value: name })),
    );
  await services.connections.remove(seen);
  return noContent();
}

async function connectionOf({ connections }: Services, caller: Caller, id: string): Promise<Connection> {
  return visible(caller, 'connection', id, await connections.find(caller.workspace, id));
}

export const handler = http(
  connectionsOperations,
  { createConnection, listConnections, getConnection, changeConnection, deleteConnection },
  (): Services => ({ connections: connections(), seals: seals(), workflows: workflows(), now }),
  recorder,
);
