import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Provider } from 'oidc-provider';

/** A real OAuth 2 server on loopback that gives one client tokens. */
export async function aTokenServer({ client, secret }: { client: string; secret: string }) {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const provider = new Provider(url, {
    clients: [
      { client_id: client, client_secret: secret, grant_types: ['client_credentials'], redirect_uris: [], response_types: [] },
    ],
    scopes: ['orders'],
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
  });
  const valid = new Set<string>();
  const all: string[] = [];
  provider.on('grant.success', ({ body }) => {
    const token = String(Object(body).access_token);
    valid.add(token);
    all.push(token);
  });
  server.on('request', provider.callback());
  return {
    url: `${url}/token`,
    isValid: (token: string) => valid.has(token),
    revokeAll: () => valid.clear(),
    issued: () => all.length,
    all: () => all,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
