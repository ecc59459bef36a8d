import middy from '@middy/core';
import type { APIGatewayRequestAuthorizerEventV2, APIGatewaySimpleAuthorizerWithContextResult } from 'aws-lambda';
import { LRUCache } from 'lru-cache';
import { type ApiKey, callerOf, hashOf, type Keys } from '../../shared/access/key.ts';
import type { Caller } from '../../shared/access/role.ts';
import { dynamo } from '../../shared/aws/clients.ts';
import { DynamoKeys } from '../../shared/aws/dynamo-keys.ts';
import { env } from '../../shared/env.ts';
import { keyIn } from '../../shared/http/caller.ts';
import { observed } from '../../shared/observe.ts';

/** How long a revoked key may still be taken. */
const KEPT_MS = 30_000;

type Result = APIGatewaySimpleAuthorizerWithContextResult<Partial<Caller>>;

/**
 * Says who calls. It lets unknown callers through without an identity: HTTP APIs cannot shape their own 401, so the edge of each
 * function answers it in the form of every other error.
 */
export function authorizer(keys: () => Keys) {
  const known = new LRUCache<string, ApiKey>({ max: 1000, ttl: KEPT_MS });
  return async (event: Pick<APIGatewayRequestAuthorizerEventV2, 'headers'>): Promise<Result> => {
    const key = keyIn(event.headers ?? {});
    if (key === undefined) return { isAuthorized: true, context: {} };
    const hash = hashOf(key);
    const found = known.get(hash) ?? (await keys().byHash(hash));
    if (!found || found.revokedAt !== undefined) return { isAuthorized: true, context: {} };
    known.set(hash, found, { noUpdateTTL: true });
    return { isAuthorized: true, context: { ...callerOf(found) } };
  };
}

export const handler = middy(authorizer(() => new DynamoKeys(dynamo, env.accessTable()))).use(observed());
