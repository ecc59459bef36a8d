import type { ProviderMetadata } from './discovery.ts';

/** Pages do not wait for a provider that does not answer: it is left alone for so long. */
const LEFT_ALONE_MS = 30_000;

/** The origins that a page speaks to in order to sign somebody in: the issuer's, and that of its token endpoint, which Cognito has elsewhere. */
export class ProviderOrigins {
  readonly #issuer: string;
  readonly #discover: (issuer: string) => Promise<ProviderMetadata>;
  #origins: string[] | undefined;
  #failedAt = Number.NEGATIVE_INFINITY;

  constructor(issuer: string, discover: (issuer: string) => Promise<ProviderMetadata>) {
    this.#issuer = issuer;
    this.#discover = discover;
  }

  async known(now: Date): Promise<readonly string[]> {
    const own = new URL(this.#issuer).origin;
    if (this.#origins === undefined && now.getTime() - this.#failedAt >= LEFT_ALONE_MS)
      await this.#discover(this.#issuer).then(
        ({ token_endpoint }) => {
          this.#origins = [...new Set([own, ...(token_endpoint === undefined ? [] : [new URL(token_endpoint).origin])])];
        },
        () => {
          this.#failedAt = now.getTime();
        },
      );
    return this.#origins ?? [own];
  }
}
