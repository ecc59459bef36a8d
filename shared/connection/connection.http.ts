import * as z from 'zod';
import { actor, page, resourceId, time } from '../edge/schema.ts';
import { viewOf } from '../edge/snake-case.ts';
import type { Connection } from './connection.ts';
import { CONNECTION_TYPE_NAMES, CONNECTION_TYPES, type ConnectionType, callableUrl } from './connection-type.ts';
import { limits } from './limits.ts';

const MOST_HOURS = 30 * 24;

const connectionName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,62}$/, 'must be a name such as erp or erp-test: lower case, digits and -');

const bodyOf = <T extends ConnectionType>(type: T) =>
  z
    .strictObject({
      project_id: resourceId,
      name: connectionName,
      type: z.literal(type),
      settings: CONNECTION_TYPES[type].settings,
      secret: CONNECTION_TYPES[type].secret.meta({ description: 'Never shown again' }),
      limits: limits.optional(),
    })
    .meta({ id: `New_${type}_connection`.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase()) });

export const newConnection = z
  .discriminatedUnion('type', [
    bodyOf('bearer'),
    bodyOf('basic'),
    bodyOf('api_key'),
    bodyOf('oauth2_client_credentials'),
    bodyOf('oauth2_authorization_code'),
    bodyOf('aws'),
    bodyOf('smtp'),
    bodyOf('mcp'),
    bodyOf('anthropic'),
    bodyOf('openai'),
    bodyOf('bedrock'),
  ])
  .meta({ id: 'NewConnection' });

const fields = z.record(z.string(), z.unknown());

export const changedConnection = z
  .strictObject({
    settings: fields.optional().meta({ description: 'All of them, as its type has them' }),
    secret: fields.optional().meta({ description: 'All of it, as its type has it; never shown again' }),
    limits: limits.nullable().optional().meta({ description: 'All of them; null: none' }),
    keep_hours: z
      .int()
      .min(0)
      .max(MOST_HOURS)
      .default(0)
      .meta({ description: 'For how long the secret before is tried when the new one is refused' }),
  })
  .meta({ id: 'ConnectionChange' });

export const testedConnection = z
  .strictObject({
    url: callableUrl.optional().meta({ description: 'What to call with GET: a host of the connection' }),
  })
  .meta({ id: 'ConnectionTest' });

export const authorizationStarted = z
  .object({
    url: z.string().meta({ description: 'Where a person signs in with the provider and agrees' }),
    redirect_uri: z.string().meta({ description: 'What the provider has to know as redirect URI of the client' }),
    expires_at: time,
  })
  .meta({ id: 'ConnectionAuthorization' });

const status = z
  .object({
    state: z.enum(['untested', 'connected', 'not_connected']),
    since: time,
    reason: z.string().nullable().meta({ description: 'Why it is not connected' }),
  })
  .meta({ id: 'ConnectionStatus' });

export const connectionEntry = z
  .object({
    id: resourceId,
    project_id: z.string(),
    name: z.string(),
    type: z.enum(CONNECTION_TYPE_NAMES),
    settings: fields,
    status,
    limits: limits.nullable().meta({ description: 'How much may be asked of the other side' }),
    circuit: z
      .object({
        state: z.enum(['closed', 'open']).meta({ description: 'open: the other side is out of order, and not called' }),
        failures: z.int().meta({ description: 'Calls in a row that have found it so' }),
        opened_at: time.nullable(),
        try_at: time.nullable().meta({ description: 'When one call is let through, to try' }),
        reason: z.string().nullable(),
      })
      .meta({ id: 'ConnectionCircuit' }),
    secret_created_at: time,
    previous_secret_until: time
      .nullable()
      .meta({ description: 'Until then the secret before is tried when the new one is refused' }),
    authorized_at: time.nullable().meta({ description: 'When a person authorized it, where its type wants that' }),
    authorized_by: actor.nullable(),
    created_at: time,
    created_by: actor,
    updated_at: time,
  })
  .meta({ id: 'Connection' });
export const connectionEntries = page(connectionEntry).meta({ id: 'ConnectionList' });
export const connectionDetail = connectionEntry
  .extend({
    used_by: z
      .array(z.object({ workflow_id: resourceId, name: z.string() }))
      .meta({ description: 'Workflows whose draft or newest version lists it' }),
  })
  .meta({ id: 'ConnectionDetail' });

/** One that is not called is not connected, whatever its credential is worth. */
function shownStatus({ status, circuit }: Connection) {
  if (circuit && status.state !== 'not_connected')
    return { state: 'not_connected' as const, since: circuit.openedAt, reason: `It is out of order: ${circuit.reason}` };
  return { ...status, reason: status.state === 'not_connected' ? status.reason : undefined };
}

export const connectionView = (connection: Connection) => {
  const { project: projectId, secrets, tokens, circuit, failures = 0, ...row } = connection;
  const [newest, before] = secrets;
  return viewOf(connectionEntry, {
    ...row,
    projectId,
    status: shownStatus(connection),
    circuit: { state: circuit ? 'open' : 'closed', failures, ...circuit },
    secretCreatedAt: newest?.createdAt ?? connection.createdAt,
    previousSecretUntil: before?.until,
    authorizedAt: tokens?.authorizedAt,
    authorizedBy: tokens?.authorizedBy,
  });
};
