import { type FormEvent, useState } from 'react';
import { call } from '../api/call.ts';
import { queries } from '../api/queries.ts';
import { signIn, signOut } from '../api/session.ts';
import { Button, Field, Problem } from '../kit/controls.tsx';
import mark from '../mark.svg';

/** Whoever comes without a key is asked for one. It stays in this tab. */
export function SignIn() {
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
    <main className="sign-in">
      <form onSubmit={submit}>
        <div className="brand">
          <img src={mark} alt="" />
          Millrun
        </div>
        <h1>Sign in</h1>
        <Field label="API key" hint="It stays in this tab and is gone when you close it.">
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
        <Button type="submit" kind="primary">
          Sign in
        </Button>
      </form>
    </main>
  );
}
