import * as z from 'zod';
import { operation } from '../edge/route.ts';
import { listQuery, mailAddress, resourceId, words } from '../edge/schema.ts';
import { ROLES } from '../kernel/role.ts';
import { keyCreated, keyEntries } from './key.http.ts';

const at = { tag: 'access', entry: 'api/api-keys', role: 'admin' } as const;

export const access = {
  createKey: operation({
    ...at,
    method: 'POST',
    path: '/v1/api-keys',
    summary: 'Create an API key; the key is shown once',
    body: z.strictObject({
      name: words(100),
      role: z.enum(ROLES),
      project_id: resourceId.optional(),
      email: mailAddress.optional(),
    }),
    responses: { 201: keyCreated },
  }),
  listKeys: operation({
    ...at,
    method: 'GET',
    path: '/v1/api-keys',
    summary: 'API keys of the workspace',
    query: z.strictObject(listQuery(25)),
    responses: { 200: keyEntries },
  }),
  revokeKey: operation({
    ...at,
    method: 'DELETE',
    path: '/v1/api-keys/{key_id}',
    summary: 'Revoke an API key',
    params: z.object({ key_id: resourceId }),
    responses: { 204: '' },
  }),
};
