import type { Token } from '../oidc/provider.ts';
import { type Credential, credential, signIn } from './session.ts';

/** So long before its end a token is exchanged for another. */
const EARLY_MS = 60_000;

let renewing: Promise<void> | undefined;

/** Who is signed in, with a token that is good for a request: one that is about to expire is renewed first, once for all who ask. */
export async function freshCredential(): Promise<Credential | undefined> {
  const who = credential();
  if (who?.kind !== 'token' || who.refreshToken === undefined || Date.now() < who.expiresAt - EARLY_MS) return who;
  renewing ??= renew(who).finally(() => {
    renewing = undefined;
  });
  await renewing;
  return credential();
}

async function renew(who: Token): Promise<void> {
  const { isRefusal, renewed } = await import('../oidc/provider.ts');
  try {
    const next = await renewed(who);
    // Whoever has signed out meanwhile stays so.
    if (isStill(who)) signIn(next);
  } catch (error) {
    // The provider gives no other: the token is used for as long as it is good, and then people sign in again.
    const { refreshToken: _, ...rest } = who;
    if (isRefusal(error) && isStill(who)) signIn(rest);
  }
}

function isStill({ token }: Token): boolean {
  const now = credential();
  return now?.kind === 'token' && now.token === token;
}
