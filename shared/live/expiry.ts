import * as z from 'zod';

const claims = z.object({ exp: z.number() });

/** Until when a token is good that has been verified already. */
export function expiryIn(token: string): string {
  const [, payload = ''] = token.split('.');
  const { exp } = claims.parse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
  return new Date(exp * 1000).toISOString();
}
