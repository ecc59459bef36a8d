/** Who is signed in: kept for this tab alone, and gone with it. */
export type Credential = { kind: 'key'; key: string } | { kind: 'token'; token: string };

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

export function signOut(): void {
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

function isCredential(value: unknown): value is Credential {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false;
  return (
    (value.kind === 'key' && 'key' in value && typeof value.key === 'string') ||
    (value.kind === 'token' && 'token' in value && typeof value.token === 'string')
  );
}
