import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { Refused, type Result } from '../api/call.ts';
import { useLiveState } from '../api/live.ts';
import { meQuery, queries } from '../api/queries.ts';
import { credential, onSession, signOut } from '../api/session.ts';
import { IconButton } from '../kit/controls.tsx';
import { Dialog } from '../kit/dialog.tsx';
import { Icon, type IconName } from '../kit/icons.tsx';
import { useKeys } from '../kit/keyboard.ts';
import { Messages } from '../kit/told.tsx';
import mark from '../mark.svg';
import { actAs, NotAdmitted } from '../sign-in/not-admitted.tsx';
import { SignIn } from '../sign-in/sign-in.tsx';
import { Palette } from './palette.tsx';
import { PLACES } from './places.ts';
import { ReachLine } from './reach-line.tsx';
import { useScheme } from './scheme.ts';
import { ZoneChoice } from './zone-choice.tsx';
import './frame.css';

const signedInNow = () => credential() !== undefined;

/** What is around every page: where to go, who is there, keys that work everywhere. */
export function Frame() {
  const signedIn = useSyncExternalStore(onSession, signedInNow);
  if (!signedIn)
    return (
      <>
        <SignIn />
        <Messages />
      </>
    );
  return <Admitted />;
}

function Admitted() {
  const { error } = useQuery(meQuery);
  return error instanceof Refused && error.status === 403 ? <NotAdmitted error={error} /> : <SignedIn />;
}

function SignedIn() {
  const [open, setOpen] = useState(false);
  const [help, setHelp] = useState(false);
  const [palette, setPalette] = useState(false);
  const navigate = useNavigate();
  const path = useRouterState({ select: ({ location }) => location.pathname });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the menu of small screens closes when the page changes
  useEffect(() => setOpen(false), [path]);
  useKeys({
    '?': () => setHelp(true),
    'mod k': () => setPalette(true),
    '/': () => document.querySelector<HTMLInputElement>('[data-search]')?.focus(),
    ...Object.fromEntries(PLACES.flatMap(({ key, to }) => (key ? [[`g ${key}`, () => void navigate({ to })]] : []))),
  });
  return (
    <div className="frame">
      <a className="skip-link" href="#content">
        To the content
      </a>
      <nav className="top" aria-label="Top">
        <IconButton icon="menu" label="Menu" aria-expanded={open} onClick={() => setOpen(!open)} />
        <Brand />
        <IconButton icon="search" label="Commands" onClick={() => setPalette(true)} />
      </nav>
      <Side open={open} onHelp={() => setHelp(true)} />
      <main className="content" id="content" tabIndex={-1} data-scroll-restoration-id="content">
        <ReachLine />
        <Outlet />
      </main>
      <Messages />
      <Dialog title="Keys" opened={help} onClose={() => setHelp(false)}>
        <Help />
      </Dialog>
      <Palette opened={palette} onClose={() => setPalette(false)} />
    </div>
  );
}

const Brand = () => (
  <Link to="/runs" search={{}} className="brand">
    <img src={mark} alt="" />
    Millrun
  </Link>
);

function Side({ open, onHelp }: { open: boolean; onHelp: () => void }) {
  const { data: me } = useQuery(meQuery);
  const { dark, toggle } = useScheme();
  const live = useLiveState();
  return (
    <nav className={`side${open ? ' open' : ''}`} aria-label="Pages">
      <Brand />
      {PLACES.map(({ to, label, icon, group }, at) => (
        <div key={to}>
          {group !== PLACES[at - 1]?.group && group && <h2>{group}</h2>}
          <Place to={to} label={label} icon={icon} />
        </div>
      ))}
      <div className="side-foot">
        {me && (
          <div className="who" title={`${me.name}, ${me.role} of ${me.workspace}`}>
            {me.name} · {me.role}
            <br />
            {me.workspace}
            {me.project_id && ` / ${me.project_id}`}
          </div>
        )}
        {me && me.memberships.length > 1 && <Memberships me={me} />}
        {(live === 'live' || live === 'looking') && (
          <p className="faint" title="How this page learns what has changed">
            {live === 'live' ? 'Live' : 'Not live: looks every few seconds'}
          </p>
        )}
        <ZoneChoice />
        <div className="row">
          <IconButton icon={dark ? 'sun' : 'moon'} label={dark ? 'Light' : 'Dark'} onClick={toggle} />
          <IconButton icon="keyboard" label="Keys" onClick={onHelp} />
          <IconButton
            icon="signout"
            label="Sign out"
            onClick={() => {
              signOut();
              queries.clear();
            }}
          />
        </div>
      </div>
    </nav>
  );
}

/** For those who are somebody in several workspaces or projects. */
const Memberships = ({ me }: { me: Result<'getMe'> }) => (
  <select className="select" aria-label="Act as the member of" value={me.id} onChange={(event) => actAs(event.target.value)}>
    {me.memberships.map(({ id, workspace, project_id, role }) => (
      <option key={id} value={id}>
        {project_id === null ? workspace : `${workspace} / ${project_id}`} ({role})
      </option>
    ))}
  </select>
);

const Place = ({ to, label, icon }: { to: (typeof PLACES)[number]['to']; label: string; icon: IconName }) => (
  <Link
    to={to}
    className="nav"
    activeProps={{ className: 'active', 'aria-current': 'page' }}
    activeOptions={{ includeSearch: false }}
  >
    <Icon name={icon} />
    {label}
  </Link>
);

const KEYS: [string, string][] = [
  ['/', 'Search'],
  ['j k', 'Next, previous row'],
  ['Enter', 'Open the row'],
  ['x', 'Select the row'],
  ['.', 'Actions of the run'],
  ['a r', 'Approve, reject the open question'],
  ['Ctrl S', 'Save the draft, from its text'],
  ['Ctrl Enter', 'Publish, from the text'],
  ['Ctrl K', 'Commands'],
  ['?', 'This list'],
];

const Help = () => (
  <div className="keys">
    {[...KEYS, ...PLACES.flatMap(({ key, label }): [string, string][] => (key ? [[`g ${key}`, label]] : []))].map(
      ([key, meaning]) => (
        <div key={key} style={{ display: 'contents' }}>
          <kbd>{key}</kbd>
          <span>{meaning}</span>
        </div>
      ),
    )}
  </div>
);
