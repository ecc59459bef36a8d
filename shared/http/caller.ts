import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import * as z from 'zod';
import { type Caller, ROLES } from '../access/role.ts';

/** The identity as the authorizer hands it on: API Gateway passes flat values. */
const identity = z.object({
  keyId: z.string(),
  name: z.string(),
  workspace: z.string(),
  project: z.string().optional(),
  role: z.enum(ROLES),
});

const authorized = z.object({ requestContext: z.object({ authorizer: z.object({ lambda: identity }) }) });

/** Who calls, if the authorizer knew the key. */
export function callerIn(event: APIGatewayProxyEventV2): Caller | undefined {
  return authorized.safeParse(event).data?.requestContext.authorizer.lambda;
}

/** The key of a request: `x-api-key`, or `Authorization: Bearer`. Header names are lower-case. */
export function keyIn(headers: Record<string, string | undefined>): string | undefined {
  const key = headers['x-api-key'] ?? /^Bearer\s+(\S+)$/i.exec(headers['authorization'] ?? '')?.[1];
  return key && key.length <= 200 ? key : undefined;
}
