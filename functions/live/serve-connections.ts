import * as z from 'zod';
import { hashOf } from '../../shared/access/key.ts';
import { groupMemberId } from '../../shared/access/membership.ts';
import { background } from '../../shared/aws/observe.ts';
import { callerIn, tokenIn } from '../../shared/edge/caller.ts';
import { Problem } from '../../shared/kernel/problem.ts';
import { expiryIn } from '../../shared/live/expiry.ts';
import { Refused } from '../../shared/live/message.http.ts';
import { type ServeServices, serveMessage } from '../../shared/live/serve-connection.http.ts';
import { connectionServices, keys, signInServices } from '../adapters.ts';
import { authorizer } from '../api/authorize.ts';

/** What API Gateway tells of a connection. */
const event = z.object({
  requestContext: z.object({
    connectionId: z.string(),
    eventType: z.enum(['CONNECT', 'DISCONNECT', 'MESSAGE']),
    connectedAt: z.number(),
  }),
  body: z.string().nullish(),
});

export async function serveConnection({ requestContext, body }: z.infer<typeof event>, services: ServeServices) {
  const { connectionId, eventType, connectedAt } = requestContext;
  if (eventType === 'DISCONNECT') await services.listeners.disconnect(connectionId);
  if (eventType === 'MESSAGE') await serveMessage(services, { connectionId, connectedAt: new Date(connectedAt) }, body ?? '');
  return { statusCode: 200 };
}

const authorize = authorizer({ keys, signIn: signInServices });

function callerOf(context: unknown) {
  try {
    const caller = callerIn(Object({ requestContext: { authorizer: { lambda: context } } }));
    if (caller) return caller;
  } catch (error) {
    throw error instanceof Problem ? new Refused('NotAuthorized', error.message) : error;
  }
  throw new Refused('NotAuthorized', 'No known API key was given.');
}

/** The same who may call the API may listen. */
const identify: ServeServices['identify'] = async (credential, member) => {
  const headers = { authorization: `Bearer ${credential}`, ...(member !== undefined && { 'x-member': member }) };
  const { context } = await authorize({ headers });
  const caller = callerOf(context);
  const token = tokenIn(headers);
  if (token === undefined) return { caller, credential: { kind: 'key', hash: hashOf(credential) } };
  const { id, email, workspace } = caller;
  const isMember = email !== undefined && id !== groupMemberId(workspace, email);
  return { caller, credential: { kind: 'token', until: expiryIn(token), ...(isMember && { member: { id, email } }) } };
};

export const handler = background(event, serveConnection, () => ({ ...connectionServices(), identify }));
