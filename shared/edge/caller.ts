import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import * as z from 'zod';
import { type Caller, ROLES } from '../kernel/role.ts';
import { StoreBusy } from '../kernel/store-busy.ts';

/** The identity as the authorizer hands it on: API Gateway passes flat values. */
const identity = z.object({
  kind: z.enum(['key', 'member']),
  id: z.string(),
  name: z.string(),
  email: z.string().optional(),
  workspace: z.string(),
  project: z.string().optional(),
  role: z.enum(ROLES),
});

/** What the authorizer hands on instead when it cannot look the key up at the moment. */
export const UNDECIDED = { undecided: true } as const;

const authorized = z.object({
  requestContext: z.object({ authorizer: z.object({ lambda: z.union([identity, z.object({ undecided: z.literal(true) })]) }) }),
});

/** Who calls, if the authorizer knew the key. Throws `StoreBusy` when it could not look. */
export function callerIn(event: APIGatewayProxyEventV2): Caller | undefined {
  const found = authorized.safeParse(event).data?.requestContext.authorizer.lambda;
  if (found && 'undecided' in found) throw new StoreBusy('the table of keys');
  return found;
}

/** The key of a request: `x-api-key`, or `Authorization: Bearer`. Header names are lower-case. */
export function keyIn(headers: Record<string, string | undefined>): string | undefined {
  const key = headers['x-api-key'] ?? /^Bearer\s+(\S+)$/i.exec(headers['authorization'] ?? '')?.[1];
  return key && key.length <= 200 ? key : undefined;
}
