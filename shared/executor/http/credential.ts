import type { OpenConnection } from '../../connection/open-connection.ts';
import type { Network } from './agents.ts';

/** One way to authorize: with a secret, and, where it is exchanged for a token, with a new one. */
export interface Credential {
  secret: Readonly<Record<string, string>>;
  isFresh: boolean;
}

export interface CredentialContext {
  network: Network;
  signal: AbortSignal;
  now: () => Date;
}

/** What to try, in this order, for as long as the other side refuses. */
export const credentialsOf = ({ type, secrets }: OpenConnection): Credential[] =>
  secrets.flatMap((secret) => {
    const first = { secret, isFresh: false };
    // A token may have been revoked before it was over.
    return type === 'oauth2_client_credentials' || type === 'oauth2_authorization_code'
      ? [first, { secret, isFresh: true }]
      : [first];
  });
