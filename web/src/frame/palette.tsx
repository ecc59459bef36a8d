import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type KeyboardEvent, useState } from 'react';
import { workflowsQuery } from '../api/queries.ts';
import { Dialog } from '../kit/dialog.tsx';
import { Icon, type IconName } from '../kit/icons.tsx';
import { PLACES } from './places.ts';

interface Command {
  label: string;
  hint: string;
  icon: IconName;
  act: () => unknown;
}

const MOST = 12;
const WORKFLOW_PAGES = ['Start', 'Edit', 'Versions', 'Triggers', 'Tests', 'Settings'] as const;

/** Everything that can be gone to, by its name: pages, workflows, and runs by reference or id. */
export function Palette({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Dialog title="Go to" opened={opened} onClose={onClose}>
      {opened && <Commands onClose={onClose} />}
    </Dialog>
  );
}

function Commands({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const { data: workflows = [] } = useQuery(workflowsQuery);
  const [query, setQuery] = useState('');
  const [at, setAt] = useState(0);
  const searched = query.trim().toLowerCase();
  const words = searched.split(/\s+/);
  const all: Command[] = [
    ...(searched
      ? [
          {
            label: `Runs with “${query.trim()}”`,
            hint: 'search',
            icon: 'search' as const,
            act: () => navigate({ to: '/runs', search: { q: query.trim() } }),
          },
        ]
      : []),
    ...PLACES.map(({ to, label, icon }) => ({ label, hint: 'page', icon, act: () => navigate({ to }) })),
    ...workflows.flatMap(({ id, name, title }) =>
      // Its pages only when one is looked for: twelve workflows are found before their versions are.
      (searched ? ['', ...WORKFLOW_PAGES] : ['']).map((page) => ({
        label: `${title ?? name}${page && `: ${page}`}`,
        hint: name,
        icon: 'flow' as const,
        act: () =>
          navigate({
            to: '/workflows/$workflowId',
            params: { workflowId: id },
            search: page ? { tab: page.toLowerCase() } : {},
          }),
      })),
    ),
  ];
  const found = all
    .filter(({ label, hint }) => hint === 'search' || words.every((word) => `${label} ${hint}`.toLowerCase().includes(word)))
    .slice(0, MOST);
  const choose = (command: Command | undefined) => {
    onClose();
    command?.act();
  };
  const press = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      setAt((now) => Math.max(0, Math.min(found.length - 1, now + step)));
    }
    if (event.key === 'Enter') choose(found[at]);
  };
  return (
    <div className="palette">
      <input
        className="input"
        type="search"
        data-autofocus
        placeholder="A page, a workflow, a reference"
        aria-label="Go to"
        value={query}
        onKeyDown={press}
        onChange={(event) => {
          setQuery(event.target.value);
          setAt(0);
        }}
      />
      <ul>
        {found.map((command, index) => (
          <li key={`${command.hint} ${command.label}`}>
            <button type="button" className={index === at ? 'at' : ''} onClick={() => choose(command)}>
              <Icon name={command.icon} />
              <span className="grow cut">{command.label}</span>
              <span className="faint">{command.hint}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
