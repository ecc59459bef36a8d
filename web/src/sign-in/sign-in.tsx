import { useQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { call } from '../api/call.ts';
import { queries } from '../api/queries.ts';
import { hasExpired, signIn, signOut } from '../api/session.ts';
import { Button, Field, Problem } from '../kit/controls.tsx';
import mark from '../mark.svg';
import type { Provider } from '../oidc/provider.ts';

const provider = () => import('../oidc/provider.ts');
const isReturn = () => location.pathname === '/signed-in';

/** Whoever comes without a credential signs in at the provider, where there is one, or gives a key. Both stay in this tab. */
export function SignIn() {
  const router = useRouter();
  const asked = useQuery({ queryKey: ['sign-in'], queryFn: ({ signal }) => call('getSignIn', undefined, signal) });
  const found = asked.data?.provider ?? undefined;
  // A query, since a code is exchanged once however often the page is drawn.
  const arrival = useQuery({
    queryKey: ['arrival', location.search],
    queryFn: () => (found ? arrive(found, (back) => router.navigate({ href: back, replace: true })) : null),
    enabled: isReturn() && found !== undefined,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  });
  const isArriving = isReturn() && !arrival.isError && !asked.isError && (asked.isPending || found !== undefined);
  return (
    <main className="sign-in">
      <div className="sign-in-body">
        <div className="brand">
          <img src={mark} alt="" />
          Millrun
        </div>
        <h1>Sign in</h1>
        {hasExpired() && <p className="muted">Your sign-in has expired. Sign in again, and you are back on this page.</p>}
        {arrival.isError && <Problem error={arrival.error} />}
        {isArriving ? (
          <p className="muted" role="status">
            One moment: the sign-in provider is asked who you are.
          </p>
        ) : (
          <>
            {found && <AtProvider provider={found} />}
            <WithKey isOnly={!found} />
          </>
        )}
      </div>
    </main>
  );
}

async function arrive(found: Provider, goTo: (back: string) => Promise<void>): Promise<true> {
  const { arrived, wordsOf } = await provider();
  try {
    const { token, back } = await arrived(found, new URL(location.href));
    // Neither the code nor the way back to it stays in the address.
    await goTo(back);
    signIn(token);
    return true;
  } catch (error) {
    throw new Error(wordsOf(error));
  }
}

function AtProvider({ provider: found }: { provider: Provider }) {
  const [error, setError] = useState<unknown>();
  const [isLeaving, setLeaving] = useState(false);
  const leave = async () => {
    setError(undefined);
    setLeaving(true);
    const { leaveFor, wordsOf } = await provider();
    try {
      await leaveFor(found, isReturn() ? '/' : location.pathname + location.search);
    } catch (thrown) {
      setError(new Error(wordsOf(thrown)));
      setLeaving(false);
    }
  };
  return (
    <>
      <Button kind="primary" onClick={() => void leave()} disabled={isLeaving}>
        Sign in with {new URL(found.issuer).host}
      </Button>
      {error !== undefined && <Problem error={error} />}
    </>
  );
}

function WithKey({ isOnly }: { isOnly: boolean }) {
  const [key, setKey] = useState('');
  const [error, setError] = useState<unknown>();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setError(undefined);
    signIn({ kind: 'key', key: key.trim() });
    try {
      await call('getMe');
      await queries.resetQueries();
    } catch (thrown) {
      signOut();
      setError(thrown);
    }
  };
  return (
    <form onSubmit={submit}>
      <Field label={isOnly ? 'API key' : 'Or with an API key'} hint="It stays in this tab and is gone when you close it.">
        {(id) => (
          <input
            id={id}
            className="input"
            type="password"
            autoComplete="off"
            required
            value={key}
            onChange={(event) => setKey(event.target.value)}
          />
        )}
      </Field>
      {error !== undefined && <Problem error={error} />}
      <Button type="submit" kind={isOnly ? 'primary' : 'plain'}>
        {isOnly ? 'Sign in' : 'Sign in with the key'}
      </Button>
    </form>
  );
}
