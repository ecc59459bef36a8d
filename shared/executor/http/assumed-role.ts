import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import * as z from 'zod';
import type { SecretOf, SettingsOf } from '../../connection/connection-type.ts';
import type { OpenConnection } from '../../connection/open-connection.ts';
import { StepError } from '../../kernel/step-error.ts';

export interface AwsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

export interface Assumed {
  credentials: AwsCredentials;
  endsAt: Date;
}

/** Asks STS for a role. Throws what its client throws. */
export type AssumeRole = (role: { arn: string; externalId: string; session: string; region: string }) => Promise<Assumed>;

const MOST_ROLES = 1_000;
const SECONDS = 3_600;
/** What is signed with credentials that are about to end may arrive when they have ended. */
const EARLY_MS = 5 * 60_000;

/** Roles that this process has assumed; many steps that need the same one wait for it together. */
const roles = new LRUCache<string, Promise<Assumed>>({ max: MOST_ROLES });

/**
 * What requests are signed with: the keys of the connection, or those of the role that it names. The external id is the id of the connection, which nobody
 * can choose: a role that trusts it is of no use to another connection. Throws `StepError` `CredentialRejected` when the role may not be assumed.
 */
export async function awsCredentials(
  connection: OpenConnection,
  { access_key_id: accessKeyId, role_arn: arn, region }: Pick<SettingsOf<'aws'>, 'access_key_id' | 'role_arn' | 'region'>,
  { secret_access_key: secretAccessKey, session_token: sessionToken }: SecretOf<'aws'>,
  now: Date,
  isFresh = false,
  assume: AssumeRole = assumeRole,
): Promise<AwsCredentials> {
  if (arn === undefined) {
    if (accessKeyId === undefined || secretAccessKey === undefined)
      throw new StepError(
        'CredentialRejected',
        `Connection "${connection.name}" has no secret access key. An administrator can give it one.`,
      );
    return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
  }
  const name = createHash('sha256')
    .update(JSON.stringify([connection.id, arn, region]))
    .digest('hex');
  if (isFresh) roles.delete(name);
  for (let asking = roles.get(name); asking; asking = roles.get(name)) {
    const known = await asking.catch(() => undefined);
    if (known && known.endsAt.getTime() - EARLY_MS > now.getTime()) return concealed(connection, known);
    if (roles.get(name) === asking) roles.delete(name);
  }
  const session = `millrun-${connection.name}`.slice(0, 64);
  const assuming = assume({ arn, region, session, externalId: connection.id });
  roles.set(name, assuming);
  assuming.catch(() => roles.delete(name));
  try {
    return concealed(connection, await assuming);
  } catch (error) {
    throw await failureOf(error, connection, arn);
  }
}

function concealed({ conceal }: OpenConnection, { credentials }: Assumed): AwsCredentials {
  conceal(credentials.secretAccessKey);
  if (credentials.sessionToken !== undefined) conceal(credentials.sessionToken);
  return credentials;
}

/** The client is loaded by the first step that needs it. */
const assumeRole: AssumeRole = async ({ arn, externalId, session, region }) => {
  const { AssumeRoleCommand, STSClient } = await import('@aws-sdk/client-sts');
  const client = new STSClient({ region, maxAttempts: 3, requestHandler: { connectionTimeout: 1_000, requestTimeout: 10_000 } });
  const { Credentials } = await client.send(
    new AssumeRoleCommand({ RoleArn: arn, RoleSessionName: session, ExternalId: externalId, DurationSeconds: SECONDS }),
  );
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = given.parse(Credentials);
  return {
    credentials: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken },
    endsAt: Expiration,
  };
};

const given = z.object({
  AccessKeyId: z.string(),
  SecretAccessKey: z.string(),
  SessionToken: z.string(),
  Expiration: z.date(),
});

/** What the client throws, whether STS has answered or not. */
const thrown = z.object({
  name: z.string(),
  message: z.string(),
  $metadata: z.object({ httpStatusCode: z.number().optional() }).optional(),
});

async function failureOf(error: unknown, connection: OpenConnection, role: string): Promise<unknown> {
  const { data } = thrown.safeParse(error);
  if (!data) return error;
  const { name, message, $metadata: { httpStatusCode: status } = {} } = data;
  const what = `Role ${role} of connection "${connection.name}" was not assumed: ${message}`;
  if (status === undefined) return new StepError('ConnectionFailed', what);
  if (/Throttl|TooManyRequests/.test(name)) return new StepError('TooManyRequests', what);
  if (status >= 500) return new StepError('HttpServerError', what, { status });
  // Its words name the role of our worker.
  await connection.report({ ok: false, reason: `its role was not assumed: ${name}` });
  return new StepError(
    'CredentialRejected',
    `Role ${role} of connection "${connection.name}" was not assumed: ${name}. Its trust policy has to name this installation and the external id ${connection.id}, and the setting assumableRoles the role.`,
  );
}
