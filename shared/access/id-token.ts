import * as z from 'zod';
import { Problem } from '../kernel/problem.ts';
import { ROLES } from '../kernel/role.ts';
import { firstWords, oneLine } from '../kernel/words.ts';

/** How an installation reads the tokens of its sign-in provider: docs/deploy.md. */
export const signInSettings = z.object({
  issuer: z.string(),
  /** Whom tokens must be made out to. */
  clientId: z.string(),
  emailClaim: z.string(),
  verifiedClaim: z.string(),
  groupsClaim: z.string(),
  /** Roles that groups have in the whole workspace. */
  groups: z.array(z.object({ group: z.string(), role: z.enum(ROLES) })),
  workspace: z.string(),
});
export type SignInSettings = z.infer<typeof signInSettings>;

export type Claims = Record<string, unknown>;

/** Verifies tokens of the sign-in provider. */
export interface IdTokens {
  /** What a token says, once it is known to be the provider's, ours and of now. Throws `unauthenticated`, or `ProviderDown`. */
  claimsOf(token: string): Promise<Claims>;
}

/** Whether the token is genuine cannot be told at the moment. */
export class ProviderDown extends Error {
  constructor(issuer: string, cause: unknown) {
    super(`The sign-in provider ${issuer} does not answer as it should.`, { cause });
    this.name = 'ProviderDown';
  }
}

/** Whom a token speaks of. */
export interface Person {
  email: string;
  name: string;
  groups: string[];
}

/** ASCII alone: other letters have another lower case, such as the Kelvin sign, which would be somebody else's `k`. */
const ADDRESS = /^[!-~]{1,64}@[A-Za-z0-9.-]{1,253}$/;
const address = z.string().regex(ADDRESS);
const names = z.union([z.string().transform((name) => [name]), z.array(z.string())]).catch([]);
/** Providers say it as a truth value, a text or a number. */
const isTrue = z.literal([true, 'true', 1, '1']);
const MAX_NAME = 100;
const personName = z.string().transform(oneLine).pipe(z.string().min(1));

/** Throws `unauthenticated` for a token without an e-mail address that the provider has verified. */
export function personIn(claims: Claims, { emailClaim, verifiedClaim, groupsClaim }: SignInSettings): Person {
  const email = address.safeParse(claims[emailClaim]);
  if (!email.success)
    throw new Problem(
      'unauthenticated',
      `The token has no e-mail address in "${emailClaim}". Ask for the scope email when you sign in.`,
    );
  if (!isTrue.safeParse(claims[verifiedClaim]).success)
    throw new Problem(
      'unauthenticated',
      `The sign-in provider has not verified ${email.data}: "${verifiedClaim}" of the token is not true. Verify the address there.`,
    );
  const name = personName.safeParse(claims['name']).data ?? email.data;
  return { email: email.data.toLowerCase(), name: firstWords(name, MAX_NAME), groups: names.parse(claims[groupsClaim]) };
}
