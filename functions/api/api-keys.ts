import { keyView } from '../../shared/access/key.http.ts';
import { type Keys, newKey } from '../../shared/access/key.ts';
import { access as accessOperations } from '../../shared/access/operations.http.ts';
import { maySee, projectOf, visible } from '../../shared/access/tenancy.ts';
import type { RequestOf } from '../../shared/api/request-of.ts';
import { created, noContent, ok } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import { pageView } from '../../shared/edge/schema.ts';
import { Problem } from '../../shared/kernel/problem.ts';
import { keys, now, recorder } from '../adapters.ts';

interface Services {
  keys: Keys;
  now: () => Date;
}

export async function createKey({ body, caller }: RequestOf<'createKey'>, { keys, now }: Services) {
  const project = projectOf(caller, body.project_id);
  const { key, record } = newKey(
    {
      workspace: caller.workspace,
      name: body.name,
      role: body.role,
      ...(project !== undefined && { project }),
      ...(body.email !== undefined && { email: body.email }),
    },
    now(),
  );
  await keys.put(record);
  return created({ ...keyView(record), key });
}

export async function listKeys({ query, caller }: RequestOf<'listKeys'>, { keys }: Services) {
  const page = await keys.list(caller.workspace, query.limit, query.continuation_token);
  return ok(pageView({ ...page, items: page.items.filter((key) => maySee(caller, key)) }, keyView));
}

export async function revokeKey({ params, caller }: RequestOf<'revokeKey'>, { keys, now }: Services) {
  const key = visible(caller, 'API key', params.key_id, await keys.find(caller.workspace, params.key_id));
  if (caller.kind === 'key' && key.id === caller.id)
    throw new Problem('conflict', 'A key cannot revoke itself. Use another admin key.');
  if (key.revokedAt === undefined) await keys.put({ ...key, revokedAt: now().toISOString() }, key);
  return noContent();
}

export const handler = http(accessOperations, { createKey, listKeys, revokeKey }, () => ({ keys: keys(), now }), recorder);
