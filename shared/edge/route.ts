import type { z } from 'zod';
import type { Act } from '../kernel/act.ts';
import type { Role } from '../kernel/role.ts';

/** One operation of the API: what validates it, what documents it, which function serves it. */
export interface Operation {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  /** Deployed entry under functions/ that serves it. */
  entry: string;
  summary: string;
  tag: string;
  /** No credential needed. */
  open?: true;
  /** The action reads the request itself: raw bytes, any content type, every header. */
  raw?: true;
  /** The least role that may call it; viewer when absent. */
  role?: Role;
  /** Which act it is, for the audit log: every operation that changes something says so. Several where the body tells. */
  act?: Act | readonly Act[];
  /** Takes an Idempotency-Key. */
  keyed?: true;
  /** Takes an If-Match, and says in a 409 of this shape what stands in the way. */
  ifMatch?: z.ZodType;
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
  /** Status to body; null for none, a string for another content type. */
  responses: Record<number, z.ZodType | string>;
  /** Statuses of refusals beyond those that all routes of its kind have. */
  refuses?: number[];
}

/** Keeps the literal types of an operation, so that its action is typed by its own schemas. */
export const operation = <const O extends Operation>(o: O): O => o;

/** API Gateway's name for a route: what a handler is dispatched by. */
export const routeKey = ({ method, path }: Pick<Operation, 'method' | 'path'>) => `${method} ${path}`;

/** Whether a caller may say why: in the body, or in the query of an operation that has none. The dialect of v2 has no word for it. */
export const takesReason = ({ act, path }: Pick<Operation, 'act' | 'path'>) => act !== undefined && path.startsWith('/v1/');
