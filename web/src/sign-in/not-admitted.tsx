import type { Refused } from '../api/call.ts';
import { queries } from '../api/queries.ts';
import { credential, signIn, signOut } from '../api/session.ts';
import { Button, Problem } from '../kit/controls.tsx';
import mark from '../mark.svg';

/** Goes on as that member. */
export function actAs(member: string): void {
  const who = credential();
  if (who?.kind !== 'token') return;
  signIn({ ...who, member });
  void queries.resetQueries();
}

/** Whoever the provider knows and no workspace does; and whoever several know, who chooses one. */
export function NotAdmitted({ error }: { error: Refused }) {
  return (
    <main className="sign-in">
      <div className="sign-in-body">
        <div className="brand">
          <img src={mark} alt="" />
          Millrun
        </div>
        {error.details.length > 1 ? (
          <>
            <h1>Which workspace?</h1>
            {error.details.map(({ name, value }) => (
              <Button key={value} onClick={() => actAs(String(value))}>
                {name}
              </Button>
            ))}
          </>
        ) : (
          <>
            <h1>Not a member</h1>
            <Problem error={new Error(error.message)} />
          </>
        )}
        <Button kind="ghost" onClick={() => signOut()}>
          Sign out
        </Button>
      </div>
    </main>
  );
}
