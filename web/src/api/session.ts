import { isMap } from '../../../shared/kernel/is-map.ts';
import type { Token } from '../oidc/provider.ts';

/** Who is signed in: kept for this tab alone, and gone with it. */
export type Credential = { kind: 'key'; key: string } | Token;

const PLACE = 'millrun.credential';
const listeners = new Set<() => void>();

export function credential(): Credential | undefined {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(PLACE) ?? 'null');
    return isCredential(stored) ? stored : undefined;
  } catch {
    return undefined;
  }
}

export function signIn(next: Credential): void {
  sessionStorage.setItem(PLACE, JSON.stringify(next));
  for (const listener of listeners) listener();
}

let expired = false;

/** Whether whoever was signed in here was so for too long. */
export const hasExpired = () => expired;

export function signOut({ isExpired = false } = {}): void {
  expired = isExpired && credential()?.kind === 'token';
  sessionStorage.removeItem(PLACE);
  for (const listener of listeners) listener();
}

export function onSession(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The key that `npm start` puts behind the `#` of its address: taken over once, and out of sight at once. */
export function takeKeyFromAddress(): void {
  const key = new URLSearchParams(location.hash.slice(1)).get('key');
  if (!key) return;
  history.replaceState(null, '', location.pathname + location.search);
  signIn({ kind: 'key', key });
}

/** What a request says of who makes it. */
export const headersOf = (who: Credential | undefined): Record<string, string> => ({
  ...(who?.kind === 'key' && { 'x-api-key': who.key }),
  ...(who?.kind === 'token' && { authorization: `Bearer ${who.token}` }),
  ...(who?.kind === 'token' && who.member !== undefined && { 'x-member': who.member }),
});

const isText = (value: unknown) => typeof value === 'string';

function isCredential(value: unknown): value is Credential {
  if (!isMap(value)) return false;
  if (value['kind'] === 'key') return isText(value['key']);
  return (
    value['kind'] === 'token' &&
    [value['token'], value['issuer'], value['clientId']].every(isText) &&
    typeof value['expiresAt'] === 'number'
  );
}
