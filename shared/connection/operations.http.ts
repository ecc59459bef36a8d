import * as z from 'zod';
import { operation } from '../edge/route.ts';
import { listQuery, resourceId } from '../edge/schema.ts';
import {
  authorizationStarted,
  changedConnection,
  connectionDetail,
  connectionEntries,
  connectionEntry,
  newConnection,
  testedConnection,
} from './connection.http.ts';

const at = { tag: 'connections', entry: 'api/connections' } as const;
const authorizing = { tag: 'connections', entry: 'worker/authorize-connection' } as const;
const one = z.object({ connection_id: resourceId });

export const connections = {
  createConnection: operation({
    ...at,
    method: 'POST',
    path: '/v1/connections',
    act: 'connection.create',
    summary: 'Give a project a credential that nobody can read again',
    role: 'admin',
    body: newConnection,
    responses: { 201: connectionEntry },
    refuses: [409],
  }),
  listConnections: operation({
    ...at,
    method: 'GET',
    path: '/v1/connections',
    summary: 'Connections, newest first',
    query: z.strictObject({ project_id: resourceId.optional(), ...listQuery(25) }),
    responses: { 200: connectionEntries },
  }),
  getConnection: operation({
    ...at,
    method: 'GET',
    path: '/v1/connections/{connection_id}',
    summary: 'One connection, how it stands and who uses it',
    params: one,
    responses: { 200: connectionDetail },
  }),
  changeConnection: operation({
    ...at,
    method: 'PATCH',
    path: '/v1/connections/{connection_id}',
    act: 'connection.change',
    summary: 'Other settings, or another secret; the one before may stay valid for a while',
    role: 'admin',
    params: one,
    body: changedConnection,
    responses: { 200: connectionEntry },
    refuses: [409],
  }),
  deleteConnection: operation({
    ...at,
    method: 'DELETE',
    path: '/v1/connections/{connection_id}',
    act: 'connection.delete',
    summary: 'Delete a connection; one that workflows use only by force',
    role: 'admin',
    params: one,
    query: z.strictObject({ force: z.enum(['true', 'false']).optional() }),
    responses: { 204: '' },
    refuses: [409],
  }),
  testConnection: operation({
    tag: 'connections',
    entry: 'worker/test-connection',
    method: 'POST',
    path: '/v1/connections/{connection_id}/test',
    act: 'connection.test',
    summary: 'Try the credential, and say how the connection stands',
    role: 'editor',
    params: one,
    body: testedConnection,
    responses: { 200: connectionEntry },
  }),
  authorizeConnection: operation({
    ...authorizing,
    method: 'POST',
    path: '/v1/connections/{connection_id}/authorize',
    act: 'connection.authorize',
    summary: 'Where a person lets the connection act for them, once or again',
    role: 'admin',
    params: one,
    responses: { 200: authorizationStarted },
    refuses: [409],
  }),
  takeAuthorization: operation({
    ...authorizing,
    method: 'GET',
    path: '/oauth/callback',
    summary: 'Where people begin to authorize a connection (`begin`), and where a provider sends them back to (`state`)',
    open: true,
    raw: true,
    query: z.looseObject({ begin: z.string().min(1).max(500).optional(), state: z.string().min(1).max(500).optional() }),
    responses: { 200: 'text/plain', 302: '' },
    refuses: [403, 409],
  }),
};
