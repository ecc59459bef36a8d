import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';
import { listen } from '../../local/listen.ts';

const CLIENT = 'millrun';
const HOUR = 3600;

/** A real OAuth 2 server on loopback at which people authorize one client, and whose refresh tokens are good once. */
export async function anAuthorizationServer({
  redirectUri,
  secret,
  tokenSeconds = HOUR,
  refreshes = true,
}: {
  redirectUri: string;
  secret: string;
  tokenSeconds?: number;
  refreshes?: boolean;
}) {
  const server = createServer();
  const issuer = `http://127.0.0.1:${await listen(server, 0, 'the provider')}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT,
        client_secret: secret,
        redirect_uris: [redirectUri],
        application_type: 'native',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      },
    ],
    scopes: ['openid', 'orders'],
    cookies: { keys: ['a secret of tests'] },
    ttl: {
      AccessToken: tokenSeconds,
      AuthorizationCode: 60,
      Grant: HOUR,
      IdToken: HOUR,
      Interaction: HOUR,
      RefreshToken: HOUR,
      Session: HOUR,
    },
    issueRefreshToken: async () => refreshes,
    rotateRefreshToken: true,
    findAccount: (_, login) => ({ accountId: login, claims: async () => ({ sub: login }) }),
  });
  const valid = new Set<string>();
  const all: string[] = [];
  const grants: string[] = [];
  provider.on('grant.success', ({ body, oidc }) => {
    const { access_token: access, refresh_token: refresh } = Object(body);
    valid.add(String(access));
    all.push(String(access), ...(refresh === undefined ? [] : [String(refresh)]));
    grants.push(String(oidc.params?.['grant_type']));
  });
  let isDown = false;
  const serve = provider.callback();
  server.on('request', (request, response) => {
    if (isDown && request.url === '/token') return void response.writeHead(503).end();
    void serve(request, response);
  });

  return {
    settings: {
      authorization_url: `${issuer}/auth`,
      token_url: `${issuer}/token`,
      issuer,
      client_id: CLIENT,
      scope: 'openid orders',
    },
    isValid: (token: string) => valid.has(token),
    revokeAccess: () => valid.clear(),
    setDown: (down: boolean) => {
      isDown = down;
    },
    /** All that is secret. */
    all: () => all,
    grants: () => grants,
    /** Goes the way of a person, from where they begin through the provider's pages. Answers where the provider sends them back to, and their cookies. */
    async consent(start: string): Promise<{ to: string; cookie: string }> {
      const cookies = new Map<string, string>();
      const jar = () => [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const ask = async (url: string, form?: Record<string, string>): Promise<Response> => {
        const cookie = jar();
        const sent = form ? { method: 'POST', body: new URLSearchParams(form) } : {};
        const answer = await fetch(new URL(url, issuer), { ...sent, headers: { cookie }, redirect: 'manual' });
        for (const line of answer.headers.getSetCookie()) {
          const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
          cookies.set(name, value);
        }
        return answer;
      };
      let answer = await ask(start);
      for (let steps = 0; steps < 12; steps += 1) {
        const to = answer.headers.get('location');
        if (to?.startsWith(redirectUri)) return { to, cookie: jar() };
        if (to !== null) answer = await ask(to);
        else {
          const page = await answer.text();
          const [, action = ''] = /action="([^"]+)"/.exec(page) ?? [];
          const [, prompt = ''] = /name="prompt" value="(\w+)"/.exec(page) ?? [];
          answer = await ask(action, { prompt, login: 'ada', password: 'whatever' });
        }
      }
      throw new Error('The provider never came to an end.');
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
