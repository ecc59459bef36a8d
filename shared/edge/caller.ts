import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import * as z from 'zod';
import { Problem } from '../kernel/problem.ts';
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

/** What it hands on when it knows why a credential is not taken. */
const refused = z.object({
  refused: z.enum(['unauthenticated', 'forbidden', 'unavailable', 'busy']),
  message: z.string(),
  /** Details as JSON. */
  details: z.string().optional(),
});
const details = z.array(z.object({ name: z.string(), value: z.union([z.string(), z.number()]) }));
export type Refused = z.infer<typeof refused>;

const verdict = z.union([identity, z.object({ undecided: z.literal(true) }), refused]);
const authorized = z.object({ requestContext: z.object({ authorizer: z.object({ lambda: verdict }) }) });

/** Who calls, if the authorizer knew the credential. Throws `StoreBusy` when it could not look, and why it has refused. */
export function callerIn(event: APIGatewayProxyEventV2): Caller | undefined {
  const found = authorized.safeParse(event).data?.requestContext.authorizer.lambda;
  if (found && 'undecided' in found) throw new StoreBusy('the table of keys');
  if (found && 'refused' in found)
    throw new Problem(found.refused, found.message, details.parse(JSON.parse(found.details ?? '[]')));
  return found;
}

const bearerIn = (headers: Record<string, string | undefined>) => /^Bearer\s+(\S+)$/i.exec(headers['authorization'] ?? '')?.[1];

/** A JSON object, its payload and a signature, which may be empty. */
const TOKEN = /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/;

/** The token of a request that has no key. */
export function tokenIn(headers: Record<string, string | undefined>): string | undefined {
  if (headers['x-api-key']) return undefined;
  const bearer = bearerIn(headers);
  return bearer !== undefined && TOKEN.test(bearer) ? bearer : undefined;
}

/** As which of several members the request is made. */
export const memberIn = (headers: Record<string, string | undefined>) => headers['x-member'] || undefined;

/** The key of a request: `x-api-key`, or `Authorization: Bearer`. Header names are lower-case. */
export function keyIn(headers: Record<string, string | undefined>): string | undefined {
  const key = headers['x-api-key'] ?? bearerIn(headers);
  return key && key.length <= 200 ? key : undefined;
}
