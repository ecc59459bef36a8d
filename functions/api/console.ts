import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { discovered } from '../../shared/access/discovery.ts';
import { signInSettings } from '../../shared/access/id-token.ts';
import { ProviderOrigins } from '../../shared/access/provider-origins.ts';
import { consolePages, signInOperations } from '../../shared/console/operations.http.ts';
import { beingBuilt, indexWith, policyOf, Site, type SiteFile } from '../../shared/console/site.ts';
import { type Answer, ok } from '../../shared/edge/answer.ts';
import { http, type Request } from '../../shared/edge/http.ts';
import * as env from '../../shared/kernel/env.ts';
import { Problem } from '../../shared/kernel/problem.ts';

interface Services {
  site: Site;
  provider: { issuer: string; clientId: string } | undefined;
  /** Origins beside its own that pages speak to. */
  origins: () => Promise<readonly string[]>;
}

const HTML = 'text/html; charset=utf-8';
/** What programs ask for, and what those who snoop about do, is never answered with a page. */
const NO_PAGE = /^(v1|v2|hooks|answer|schemas|assets)(\/|$)|(^|\/)\./;

export const consoleStart = async (_: Request<typeof consolePages.consoleStart>, services: Services) => indexOf(services);

export async function consolePage({ params }: Request<typeof consolePages.consolePage>, services: Services) {
  if (NO_PAGE.test(params.page)) throw new Problem('not-found', `There is no GET /${params.page}.`);
  return indexOf(services);
}

export async function consoleAsset({ params }: Request<typeof consolePages.consoleAsset>, { site }: Services) {
  const file = site.asset(params.file);
  if (!file) throw new Problem('not-found', `There is no asset "${params.file}".`);
  return sent(file, { 'cache-control': 'public, max-age=31536000, immutable' });
}

export const getSignIn = async (_: Request<typeof signInOperations.getSignIn>, { provider }: Services) =>
  ok({ provider: provider ? { issuer: provider.issuer, client_id: provider.clientId } : null });

async function indexOf({ site, origins }: Services): Promise<Answer> {
  const nonce = randomBytes(16).toString('base64url');
  const headers = {
    'content-type': HTML,
    'content-security-policy': policyOf(await origins(), nonce),
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
  };
  const file = site.index();
  if (!file) return { status: 503, body: beingBuilt(), headers: { ...headers, 'retry-after': '2' } };
  return { status: 200, body: indexWith(file, nonce), headers };
}

const sent = (file: SiteFile, headers: Record<string, string>): Answer => ({
  status: 200,
  body: file.bytes,
  packed: file.packed,
  headers: { 'content-type': file.type, ...headers },
});

function services(): Services {
  const settings = env.signIn();
  const provider = settings === undefined ? undefined : signInSettings.parse(JSON.parse(settings));
  const atProvider = provider && new ProviderOrigins(provider.issuer, discovered);
  const live = new URL(env.liveUrl()).origin;
  return {
    // Beside the bundle on AWS, where the build leaves it in the repository.
    site: new Site([join(import.meta.dirname, 'console'), join(import.meta.dirname, '../../web/dist')]),
    provider,
    origins: async () => [live, ...((await atProvider?.known(new Date())) ?? [])],
  };
}

export const handler = http(
  { ...consolePages, ...signInOperations },
  { consoleStart, consolePage, consoleAsset, getSignIn },
  services,
);
