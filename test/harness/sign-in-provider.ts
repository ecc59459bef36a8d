import { createServer, type Server } from 'node:http';
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import Provider from 'oidc-provider';
import { listen } from '../../local/listen.ts';

export const CLIENT_ID = 'millrun-console';
const HOUR = 3600;
const REDIRECT_URI = 'http://127.0.0.1/callback';

/** What the provider knows of those who sign in, by login. */
export type Accounts = Record<
  string,
  { email?: string; email_verified?: boolean | string; name?: string; groups?: string[] | string }
>;

interface SigningKey {
  privateKey: Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];
  jwk: JWK;
}

export async function newSigningKey(kid: string): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { privateKey, jwk: { ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' } };
}

/** An OpenID Connect provider on loopback, at which everybody signs in with the password that they like. */
export class SignInProvider {
  readonly #accounts: Accounts;
  #server: Server | undefined;
  #port = 0;
  #keys = 0;
  #key: SigningKey | undefined;
  /** Requests of its keys. */
  keyReads = 0;

  constructor(accounts: Accounts) {
    this.#accounts = accounts;
  }

  get issuer(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get key(): SigningKey {
    if (!this.#key) throw new Error('The provider was never up.');
    return this.#key;
  }

  /** Up, on the port that it had before; with a key of its own each time that it is told to. */
  async start({ rotated = false } = {}): Promise<this> {
    if (!this.#key || rotated) this.#key = await newSigningKey(`key-${++this.#keys}`);
    const server = createServer();
    this.#port = await listen(server, this.#port, 'the provider');
    this.#server = server;
    const provider = new Provider(this.issuer, {
      clients: [
        {
          client_id: CLIENT_ID,
          token_endpoint_auth_method: 'none',
          application_type: 'native',
          // Of this machine any port will do.
          redirect_uris: [REDIRECT_URI, 'http://127.0.0.1/signed-in'],
          grant_types: ['authorization_code', 'refresh_token'],
          response_types: ['code'],
        },
      ],
      jwks: { keys: [this.key.jwk] },
      cookies: { keys: ['a secret of tests'] },
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
      clientBasedCORS: () => true,
      ttl: {
        AccessToken: HOUR,
        AuthorizationCode: 60,
        Grant: HOUR,
        IdToken: HOUR,
        Interaction: HOUR,
        RefreshToken: HOUR,
        Session: HOUR,
      },
      // As most providers do: what the scopes ask for stands in the token.
      conformIdTokenClaims: false,
      findAccount: (_, login) => ({ accountId: login, claims: async () => ({ sub: login, ...this.#accounts[login] }) }),
    });
    const serve = provider.callback();
    server.on('request', (request, response) => {
      if (request.url === '/jwks') this.keyReads += 1;
      void serve(request, response);
    });
    return this;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    server?.closeAllConnections();
    await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  }

  /** The ID token that somebody has once they have signed in, by the code flow with PKCE. */
  async signIn(login: string): Promise<string> {
    const verifier = 'v'.repeat(43);
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
    const query = new URLSearchParams({
      client_id: CLIENT_ID,
      redirect_uri: REDIRECT_URI,
      response_type: 'code',
      scope: 'openid email profile',
      code_challenge: Buffer.from(digest).toString('base64url'),
      code_challenge_method: 'S256',
    });
    const code = await this.#codeOf(`/auth?${query}`, login);
    const answer = await fetch(`${this.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        client_id: CLIENT_ID,
        redirect_uri: REDIRECT_URI,
        grant_type: 'authorization_code',
        code,
        code_verifier: verifier,
      }),
    });
    const { id_token: token } = (await answer.json()) as { id_token?: string };
    if (token === undefined) throw new Error('The provider gave no token.');
    return token;
  }

  /** A token with the provider's signature that says whatever it is told to. */
  sign(claims: JWTPayload, { privateKey, jwk }: SigningKey = this.key, { endless = false } = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const usual = { iss: this.issuer, aud: CLIENT_ID, sub: 'ada', iat: now, ...(!endless && { exp: now + HOUR }) };
    return new SignJWT({ ...usual, ...claims })
      .setProtectedHeader({ alg: 'RS256', ...(jwk.kid !== undefined && { kid: jwk.kid }) })
      .sign(privateKey);
  }

  /** Follows the way through the provider's pages, signs in and consents, as far as the code. */
  async #codeOf(start: string, login: string): Promise<string> {
    const cookies = new Map<string, string>();
    const ask = async (url: string, form?: Record<string, string>): Promise<Response> => {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const sent = form ? { method: 'POST', body: new URLSearchParams(form) } : {};
      const answer = await fetch(new URL(url, this.issuer), { ...sent, headers: { cookie }, redirect: 'manual' });
      for (const line of answer.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        cookies.set(name, value);
      }
      return answer;
    };
    let answer = await ask(start);
    for (let steps = 0; steps < 12; steps += 1) {
      const to = answer.headers.get('location');
      if (to?.startsWith(REDIRECT_URI)) return new URL(to).searchParams.get('code') ?? '';
      if (to !== null) answer = await ask(to);
      else {
        const page = await answer.text();
        const [, action = ''] = /action="([^"]+)"/.exec(page) ?? [];
        const [, prompt = ''] = /name="prompt" value="(\w+)"/.exec(page) ?? [];
        answer = await ask(action, { prompt, login, password: 'whatever' });
      }
    }
    throw new Error('The provider never came to an end.');
  }
}
