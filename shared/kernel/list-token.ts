import { createHash } from 'node:crypto';
import { Problem } from './problem.ts';

/** Names the list in its tokens, short. */
export const listName = (parts: unknown) => createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 12);

/**
 * A token holds where a list goes on and which list it is of. The partition always comes from the request and the caller, never from the token,
 * so a forged one cannot leave the caller's workspace.
 */
export const writeToken = (list: string, at: string) => Buffer.from(JSON.stringify([list, at])).toString('base64url');

/** Throws `invalid` for a token that is not one of this list. */
export function readToken(list: string, token: string | undefined): string | undefined {
  if (token === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    const [of, at]: unknown[] = Array.isArray(parsed) ? parsed : [];
    if (of === list && typeof at === 'string' && /^[0-9A-Za-z]{1,40}$/.test(at) && token === writeToken(list, at)) return at;
  } catch {
    // not JSON: refused below like any other
  }
  throw badToken(token);
}

export const badToken = (token: string) =>
  new Problem(
    'invalid',
    'The continuation_token is not one of this list. Use the token of the page before, with the same filters.',
    [{ name: 'continuation_token', value: token.slice(0, 100) }],
  );
