import * as z from 'zod';
import { readPart } from './request.ts';
import { type Operation, takesReason } from './route.ts';
import { words } from './schema.ts';

/** Why somebody does it, for the audit log. */
export const reason = words(500).meta({ description: 'Why; kept in the audit log' });

const withReason = z.object({ reason: reason.optional() });

interface Parts {
  query: Record<string, unknown>;
  body: unknown;
}

/** A request without the reason that it gives, and the reason. */
export function splitReason(operation: Operation, { query, body }: Parts): Parts & { reason: string | undefined } {
  if (!takesReason(operation)) return { query, body, reason: undefined };
  if (!operation.body) {
    const { reason, ...rest } = query;
    return { query: rest, body, reason: parsed('query', reason) };
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return { query, body, reason: undefined };
  const { reason, ...rest }: { reason?: unknown } = body;
  // Nothing else was said: as if there were no body.
  const isAll = reason !== undefined && Object.keys(rest).length === 0 && operation.body.safeParse(undefined).success;
  return { query, body: isAll ? undefined : rest, reason: parsed('body', reason) };
}

function parsed(part: 'query' | 'body', given: unknown): string | undefined {
  const { reason } = withReason.parse(readPart(part, withReason, { reason: given }));
  return reason;
}
