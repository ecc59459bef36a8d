import middy, { type MiddlewareObj } from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type * as z from 'zod';
import { logger, observed } from '../aws/observe.ts';
import { acting, type Recorder } from '../kernel/acting.ts';
import { actorOf } from '../kernel/actor.ts';
import { Problem } from '../kernel/problem.ts';
import { allows, type Caller } from '../kernel/role.ts';
import { type Trace, traceIn } from '../kernel/trace.ts';
import { type Answer, refusal } from './answer.ts';
import { callerIn } from './caller.ts';
import { readIfMatch } from './entity-tag.ts';
import { toResult } from './payload.ts';
import { splitReason } from './reason.ts';
import { cameFrom, originOf, type RawRequest, readBody, readPart, readRaw } from './request.ts';
import { type Operation, routeKey } from './route.ts';

type Parsed<T> = T extends z.ZodType ? z.output<T> : undefined;
type Field<O, Name extends string> = O extends { [K in Name]: infer T } ? Parsed<T> : undefined;

/** What an action gets of a request: parsed by the operation's own schemas. */
export interface Request<O> {
  params: Field<O, 'params'>;
  query: Field<O, 'query'>;
  body: Field<O, 'body'>;
  caller: O extends { open: true } ? undefined : Caller;
  idempotencyKey: string | undefined;
  /** The tags of what the caller has seen, one of which must stand still; undefined where anything may. */
  ifMatch: string[] | undefined;
  /** Why, as the caller says. */
  reason: string | undefined;
  /** The trace that the caller is in. */
  trace: Trace | undefined;
  /** Which content types the caller takes. */
  accept: string | undefined;
  /** Where the caller found the API: `https://host`. */
  origin: string;
  raw: O extends { raw: true } ? RawRequest : undefined;
}
type Action<O, Services> = (request: Request<O>, services: Services) => Promise<Answer>;

/**
 * A Lambda handler for some operations of a table: it parses, checks the caller, acts, answers. Services are made on first use and kept.
 * A function gives the tables of what it serves and no other: they are in its bundle. `recorder`: writes down what people do, with what it changes.
 */
export function http<Operations extends Record<string, Operation>, Id extends keyof Operations, Services>(
  operations: Operations,
  actions: { [I in Id]: Action<Operations[I], Services> },
  make: () => Services,
  recorder: () => Recorder | undefined = () => undefined,
) {
  let services: Services | undefined;
  const byRoute = new Map(Object.entries(operations).map(([id, operation]) => [routeKey(operation), { id, operation }] as const));
  const table = new Map<string, (request: never, services: Services) => Promise<Answer>>(Object.entries(actions));

  const recorderOf = ({ act }: Operation) => {
    const found = act === undefined ? undefined : recorder();
    if (act !== undefined && !found) throw new Error('Nobody would write down who does this.');
    return found;
  };

  const serve = async (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> => {
    const route = byRoute.get(event.routeKey);
    const action = route && table.get(route.id);
    if (!action) throw new Problem('not-found', `There is no ${event.requestContext.http.method} ${event.rawPath}.`);
    const request = readRequest(event, route.operation);
    services ??= make();
    const made = services;
    const act = () => action(request as never, made);
    const answer = await (request.caller
      ? acting(whatIsDone(event, route.operation, request), recorderOf(route.operation), act)
      : act());
    return toResult(answer, event.headers['accept-encoding']);
  };
  return middy(serve).use(observed()).use(refusals());
}

function readRequest(event: APIGatewayProxyEventV2, operation: Operation): Request<Operation> {
  const caller = operation.open ? undefined : admitted(event, operation);
  const { query, body, reason } = splitReason(operation, {
    query: event.queryStringParameters ?? {},
    body: operation.body && readBody(event),
  });
  return {
    params: readPart('path', operation.params, event.pathParameters ?? {}),
    query: readPart('query', operation.query, query),
    body: operation.body && readPart('body', operation.body, body),
    caller: caller as Caller,
    idempotencyKey: operation.raw ? undefined : idempotencyKey(event),
    ifMatch: operation.ifMatch && readIfMatch(event.headers['if-match']),
    reason,
    trace: traceIn(event.headers),
    accept: event.headers['accept'],
    origin: originOf(event),
    raw: operation.raw && readRaw(event),
  } as Request<Operation>;
}

function whatIsDone(
  event: APIGatewayProxyEventV2,
  { act }: Operation,
  { caller, reason }: { caller: Caller; reason: string | undefined },
) {
  const word = typeof act === 'string' ? act : undefined;
  return { act: word, actor: actorOf(caller), workspace: caller.workspace, from: cameFrom(event), reason };
}

function admitted(event: APIGatewayProxyEventV2, { role = 'viewer' }: Operation): Caller {
  const caller = callerIn(event);
  if (!caller)
    throw new Problem(
      'unauthenticated',
      'No known API key was given. Send one in the header x-api-key or as Authorization: Bearer.',
    );
  if (!allows(caller.role, role))
    throw new Problem(
      'forbidden',
      `This needs the role ${role}; the ${caller.kind} "${caller.name}" has the role ${caller.role}.`,
    );
  return caller;
}

function idempotencyKey({ headers }: APIGatewayProxyEventV2): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined || /^[\u0020-\u007e]{1,200}$/.test(key)) return key;
  throw new Problem('invalid', 'The header Idempotency-Key must have 1 to 200 printable ASCII characters.');
}

/** The one mapping of errors: a `Problem` says itself, everything else is a fault of ours, with an id to find it in the logs and nothing of its inside. */
function refusals(): MiddlewareObj<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2> {
  return {
    onError: (request) => {
      const { error } = request;
      if (!(error instanceof Problem)) logger.error('request failed', { error });
      request.response = toResult(refusal(error, request.context.awsRequestId));
    },
  };
}
