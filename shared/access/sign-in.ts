import { LRUCache } from 'lru-cache';
import type { Caller } from '../kernel/role.ts';
import { type IdTokens, personIn, type SignInSettings } from './id-token.ts';
import type { Member, Members } from './member.ts';
import { actingAs, callerAs, membershipsOf } from './membership.ts';

export interface SignInServices {
  tokens: IdTokens;
  members: Pick<Members, 'withEmail'>;
  settings: SignInSettings;
}

/** Turns tokens into callers; what members an address has is remembered for that long. */
export function signIn({ tokens, members, settings }: SignInServices, rememberMs: number) {
  const known = new LRUCache<string, Member[]>({ max: 1000, ttl: rememberMs });

  const withEmail = async (email: string): Promise<Member[]> => {
    const found = known.get(email) ?? (await members.withEmail(email));
    // Who is no member yet is one as soon as they are added.
    if (found.length > 0) known.set(email, found, { noUpdateTTL: true });
    return found;
  };

  return async (token: string, as: string | undefined): Promise<Caller> => {
    const person = personIn(await tokens.claimsOf(token), settings);
    return callerAs(actingAs(person, membershipsOf(person, await withEmail(person.email), settings), as));
  };
}
