import { createRemoteJWKSet, decodeJwt, errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { Problem } from '../kernel/problem.ts';
import { ANSWER_WITHIN_MS, discovered } from './discovery.ts';
import { type Claims, type IdTokens, ProviderDown, type SignInSettings } from './id-token.ts';

/** Signatures by a key that the provider alone has: none, or one made with what everybody knows, is no signature. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'];
/** Clocks differ. */
const TOLERANCE_SECONDS = 30;
/** A provider that does not answer is left alone for so long. */
const LEFT_ALONE_MS = 2_000;

export interface ProviderSettings extends Pick<SignInSettings, 'issuer' | 'clientId'> {
  /** After its keys were read they are not read again for so long, whatever key a token names. */
  cooldownMs?: number;
  now?: () => Date;
}

/** Tokens of an OpenID Connect provider. Its keys are found by discovery, remembered for ten minutes, and read again for a key that is new. */
export class ProviderIdTokens implements IdTokens {
  readonly #settings: ProviderSettings;
  readonly #now: () => Date;
  #keys: Promise<JWTVerifyGetKey> | undefined;

  constructor(settings: ProviderSettings) {
    this.#settings = settings;
    this.#now = settings.now ?? (() => new Date());
  }

  async claimsOf(token: string): Promise<Claims> {
    const { issuer, clientId } = this.#settings;
    // What is plainly not of this provider is not worth asking it.
    if (issuerOf(token) !== issuer) throw refused(`was not issued by ${issuer}`);
    const keys = await this.#providerKeys();
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience: clientId,
      algorithms: ALGORITHMS,
      requiredClaims: ['exp', 'sub'],
      clockTolerance: TOLERANCE_SECONDS,
      currentDate: this.#now(),
    }).catch((error: unknown) => {
      throw isAboutToken(error) ? refused(reasonOf(error)) : new ProviderDown(issuer, error);
    });
    // Made out to several, it says for whom it was issued.
    if (Array.isArray(payload.aud) && payload.aud.length > 1 && payload['azp'] !== clientId)
      throw refused('is for somebody else');
    return payload;
  }

  #providerKeys(): Promise<JWTVerifyGetKey> {
    this.#keys ??= this.#discover().catch((error: unknown) => {
      setTimeout(() => {
        this.#keys = undefined;
      }, LEFT_ALONE_MS).unref();
      throw new ProviderDown(this.#settings.issuer, error);
    });
    return this.#keys;
  }

  async #discover(): Promise<JWTVerifyGetKey> {
    const { issuer, cooldownMs } = this.#settings;
    const found = await discovered(issuer);
    return createRemoteJWKSet(new URL(found.jwks_uri), {
      timeoutDuration: ANSWER_WITHIN_MS,
      ...(cooldownMs !== undefined && { cooldownDuration: cooldownMs }),
    });
  }
}

function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

const refused = (what: string) => new Problem('unauthenticated', `The token ${what}. Sign in again.`);

const ABOUT_TOKEN = [
  errors.JWTClaimValidationFailed,
  errors.JWTExpired,
  errors.JWTInvalid,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
];
const isAboutToken = (error: unknown): error is errors.JOSEError => ABOUT_TOKEN.some((kind) => error instanceof kind);

function reasonOf(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'has expired';
  if (error instanceof errors.JWTClaimValidationFailed)
    return error.claim === 'aud' ? 'is for somebody else' : `has a wrong "${error.claim}"`;
  return 'has no signature of the sign-in provider';
}
