import { z } from 'zod';
import { arn } from '../aws/account.ts';
import type { Functions } from '../lambda/functions.ts';
import type { ApiEvent } from './event.ts';
import type { DeclaredAuthorizer } from './gateway.ts';

const simple = z.object({ isAuthorized: z.boolean(), context: z.record(z.string(), z.unknown()).optional() });

export type Verdict =
  | { kind: 'allowed'; context: Record<string, unknown> }
  /** An identity source is missing: the function is not asked. */
  | { kind: 'anonymous' }
  | { kind: 'denied' };

/** Asks the authorizer functions, and remembers their answers as long as they say. */
export class Authorizers {
  readonly #functions: Functions;
  readonly #remembered = new Map<string, { verdict: Verdict; untilMs: number }>();

  constructor(functions: Functions) {
    this.#functions = functions;
  }

  /** Throws when the function fails or answers something else than a simple response. */
  async judge(authorizer: DeclaredAuthorizer, event: ApiEvent): Promise<Verdict> {
    const identity = authorizer.identitySources.map((source) => identityIn(source, event));
    if (identity.some((value) => value === undefined)) return { kind: 'anonymous' };

    const key = JSON.stringify([authorizer.functionArn, identity]);
    const cached = authorizer.ttlSeconds > 0 && identity.length > 0;
    const known = cached ? this.#remembered.get(key) : undefined;
    if (known && known.untilMs > Date.now()) return known.verdict;

    const verdict = await this.#ask(authorizer, event, identity);
    if (cached) this.#remembered.set(key, { verdict, untilMs: Date.now() + authorizer.ttlSeconds * 1000 });
    return verdict;
  }

  async #ask({ functionArn }: DeclaredAuthorizer, event: ApiEvent, identity: (string | undefined)[]): Promise<Verdict> {
    const { body: _, isBase64Encoded: __, ...rest } = event;
    const { apiId, http } = event.requestContext;
    const answer = await this.#functions.invoke(functionArn, {
      ...rest,
      type: 'REQUEST',
      routeArn: arn('execute-api', `${apiId}/$default/${http.method}${event.rawPath}`),
      identitySource: identity.length > 0 ? identity : null,
    });
    const { isAuthorized, context = {} } = simple.parse(answer);
    return isAuthorized ? { kind: 'allowed', context } : { kind: 'denied' };
  }
}

function identityIn(source: string, event: ApiEvent): string | undefined {
  const [, part, name = ''] = /^\$request\.(header|querystring)\.(.+)$/.exec(source) ?? [];
  if (part === 'header') return event.headers[name.toLowerCase()];
  if (part === 'querystring') return event.queryStringParameters?.[name];
  if (source === '$context.routeKey') return event.routeKey;
  return undefined;
}
