import * as z from 'zod';
import { isSafeUrl } from '../kernel/safe-url.ts';

/** API Gateway waits ten seconds for an authorizer, which may ask twice. */
export const ANSWER_WITHIN_MS = 3_000;

const safeUrl = z.url().refine(isSafeUrl);
const metadata = z.object({ issuer: z.string(), jwks_uri: safeUrl, token_endpoint: safeUrl.optional() });
export type ProviderMetadata = z.infer<typeof metadata>;

/** What an OpenID Connect provider says of itself. Throws when it does not answer, or speaks of another. */
export async function discovered(issuer: string): Promise<ProviderMetadata> {
  const answer = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
    redirect: 'error',
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  if (!answer.ok) throw new Error(`The discovery document was answered ${answer.status}.`);
  const found = metadata.parse(await answer.json());
  if (found.issuer !== issuer) throw new Error(`The discovery document is of ${found.issuer}, not of ${issuer}.`);
  return found;
}
