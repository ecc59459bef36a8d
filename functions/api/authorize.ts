import middy from '@middy/core';
import type { APIGatewayRequestAuthorizerEventV2, APIGatewaySimpleAuthorizerWithContextResult } from 'aws-lambda';
import { LRUCache } from 'lru-cache';
import { type ApiKey, callerOf, hashOf, type Keys } from '../../shared/access/key.ts';
import { observed } from '../../shared/aws/observe.ts';
import { willPass } from '../../shared/aws/will-pass.ts';
import { keyIn, UNDECIDED } from '../../shared/edge/caller.ts';
import type { Caller } from '../../shared/kernel/role.ts';
import { keys } from '../adapters.ts';

/** How long a revoked key may still be taken. */
const KEPT_MS = 30_000;

type Result = APIGatewaySimpleAuthorizerWithContextResult<Partial<Caller> | typeof UNDECIDED>;

/**
 * Says who calls. It lets unknown callers through without an identity, and so those whose key cannot be looked up at the moment: HTTP APIs can
 * shape neither their own 401 nor a 429, so the edge of each function answers in the form of every other error.
 */
export function authorizer(keys: () => Keys) {
  const known = new LRUCache<string, ApiKey>({ max: 1000, ttl: KEPT_MS });
  return async (event: Pick<APIGatewayRequestAuthorizerEventV2, 'headers'>): Promise<Result> => {
    const key = keyIn(event.headers ?? {});
    if (key === undefined) return { isAuthorized: true, context: {} };
    const hash = hashOf(key);
    const found = known.get(hash) ?? (await keys().byHash(hash).catch(undecided));
    if (found && 'undecided' in found) return { isAuthorized: true, context: found };
    if (!found || found.revokedAt !== undefined) return { isAuthorized: true, context: {} };
    known.set(hash, found, { noUpdateTTL: true });
    return { isAuthorized: true, context: { ...callerOf(found) } };
  };
}

function undecided(error: unknown): typeof UNDECIDED {
  if (willPass(error)) return UNDECIDED;
  throw error;
}

export const handler = middy(authorizer(keys)).use(observed());
