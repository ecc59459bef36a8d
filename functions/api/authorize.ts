import middy from '@middy/core';
import type { APIGatewayRequestAuthorizerEventV2, APIGatewaySimpleAuthorizerWithContextResult } from 'aws-lambda';
import { LRUCache } from 'lru-cache';
import { ProviderDown } from '../../shared/access/id-token.ts';
import { type ApiKey, callerOf, hashOf, type Keys } from '../../shared/access/key.ts';
import { type Rate, rateLimiter } from '../../shared/access/rate.ts';
import { type SignInServices, signIn } from '../../shared/access/sign-in.ts';
import { logger, observed } from '../../shared/aws/observe.ts';
import { willPass } from '../../shared/aws/will-pass.ts';
import { keyIn, memberIn, type Refused, tokenIn, UNDECIDED } from '../../shared/edge/caller.ts';
import { once } from '../../shared/kernel/once.ts';
import { Problem } from '../../shared/kernel/problem.ts';
import type { Caller } from '../../shared/kernel/role.ts';
import { callerRate, keys, signInServices } from '../adapters.ts';

/** How long a revoked key, or a member who was removed, may still be taken. */
const KEPT_MS = 30_000;

type Context = Partial<Caller> | typeof UNDECIDED | Refused;
type Result = APIGatewaySimpleAuthorizerWithContextResult<Context>;

interface Services {
  keys: () => Keys;
  /** Undefined where nobody signs in. */
  signIn?: () => SignInServices | undefined;
  /** Undefined where only the stage of the API bounds requests. */
  rate?: () => Rate | undefined;
}

/**
 * Says who calls. It lets unknown callers through without an identity, and so those whose credential cannot be looked up at the moment: HTTP APIs can
 * shape neither their own 401 nor a 429, so the edge of each function answers in the form of every other error.
 */
export function authorizer({ keys, signIn: provided = () => undefined, rate: bound = () => undefined }: Services) {
  const known = new LRUCache<string, ApiKey>({ max: 1000, ttl: KEPT_MS });
  const signedIn = once(() => {
    const services = provided();
    return services && signIn(services, KEPT_MS);
  });
  const admits = once(() => {
    const rate = bound();
    return rate && rateLimiter(rate, () => performance.now());
  });

  const byKey = async (key: string): Promise<Context> => {
    const hash = hashOf(key);
    const found = known.get(hash) ?? (await keys().byHash(hash));
    if (!found || found.revokedAt !== undefined) return {};
    known.set(hash, found, { noUpdateTTL: true });
    return { ...callerOf(found) };
  };

  const contextOf = async (headers: Record<string, string | undefined>): Promise<Context> => {
    const token = tokenIn(headers);
    const call = token === undefined ? undefined : signedIn();
    if (token !== undefined && call) return { ...(await call(token, memberIn(headers))) };
    const key = keyIn(headers);
    return key === undefined ? {} : byKey(key);
  };

  const withinRate = (context: Context): Context =>
    'id' in context && context.id !== undefined && admits()?.(context.id) === false ? TOO_MANY : context;

  return async ({ headers = {} }: Pick<APIGatewayRequestAuthorizerEventV2, 'headers'>): Promise<Result> => ({
    isAuthorized: true,
    context: await contextOf(headers).then(withinRate, refusalFor),
  });
}

const TOO_MANY: Refused = {
  refused: 'busy',
  message: 'This key or member makes more requests a second than this installation lets one of them make. Try again in a second.',
};

function refusalFor(error: unknown): Context {
  if (error instanceof Problem && (error.kind === 'unauthenticated' || error.kind === 'forbidden'))
    return {
      refused: error.kind,
      message: error.message,
      ...(error.details.length > 0 && { details: JSON.stringify(error.details) }),
    };
  if (error instanceof ProviderDown) {
    logger.error('a token could not be verified', { error });
    return { refused: 'unavailable', message: `${error.message} Try again in a few seconds; API keys go on working.` };
  }
  if (willPass(error)) return UNDECIDED;
  throw error;
}

export const handler = middy(authorizer({ keys, signIn: signInServices, rate: callerRate })).use(observed());
