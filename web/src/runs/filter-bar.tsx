import { useQuery } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { RUN_STATUSES_V1, TRIGGERS } from '../../../shared/run/model/status.ts';
import { workflowsQuery } from '../api/queries.ts';
import { Icon } from '../kit/icons.tsx';
import { lookOf } from '../kit/status.tsx';
import { FIELDS, type FieldName, parsed, type RunsSearch, unfiltered } from './filter.ts';

const WAIT_MS = 220;
const RANGES = [
  ['', 'Any time'],
  ['1h', 'Last hour'],
  ['24h', 'Last 24 hours'],
  ['7d', 'Last 7 days'],
  ['30d', 'Last 30 days'],
] as const;

const CHOICES: Partial<Record<FieldName, readonly string[]>> = {
  status: RUN_STATUSES_V1,
  trigger: TRIGGERS,
  stage: ['Published', 'Draft'],
  archived: ['true', 'any'],
};
/** Fields that people type; the others come from links. */
const TYPED: FieldName[] = ['status', 'workflow', 'reference', 'label', 'error', 'trigger', 'stage', 'id', 'archived'];

interface Props {
  search: RunsSearch;
  onSearch: (search: RunsSearch, replace?: boolean) => void;
  /** Fields that the page itself sets. */
  fixed?: readonly FieldName[];
}

/** One box for words and for fields (`status:failed`), and a chip for each field that is set. */
export function FilterBar({ search, onSearch, fixed = [] }: Props) {
  const [text, setText] = useState(search.q ?? '');
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  const typed = useRef(search.q ?? '');
  const router = useRouter();
  const { data: workflows = [] } = useQuery(workflowsQuery);
  const nameOf = (id: string) => workflows.find((one) => one.id === id)?.name ?? id;
  const idOf = (name: string) => workflows.find((one) => one.name === name)?.id;

  useEffect(() => {
    if ((search.q ?? '') === typed.current) return;
    typed.current = search.q ?? '';
    setText(search.q ?? '');
  }, [search.q]);

  const field = /^.*?(\S+):(\S*)$/.exec(text);
  const isOpenField = field !== null && (TYPED as string[]).includes(field[1] ?? '');

  // Free text is looked for while it is typed; a field once it is whole.
  useEffect(() => {
    if (isOpenField || text.trim() === typed.current) return;
    const timer = setTimeout(() => {
      // Whoever is on the way to another page is not called back.
      if (router.latestLocation.pathname !== router.state.resolvedLocation?.pathname) return;
      typed.current = text.trim();
      const { q: _, ...rest } = search;
      onSearch({ ...rest, ...(text.trim() && { q: text.trim() }) }, true);
    }, WAIT_MS);
    return () => clearTimeout(timer);
  }, [text, isOpenField, search, onSearch, router]);

  const take = (whole: string) => {
    const next = parsed(whole, idOf);
    typed.current = next.q ?? '';
    setText(next.q ?? '');
    setAt(-1);
    const { q: _, ...rest } = search;
    onSearch({ ...rest, ...next });
  };

  const offered = suggestions(
    text,
    workflows.map(({ name }) => name),
  ).filter((word) => !fixed.some((name) => word.startsWith(`${name}:`)));
  const choose = (word: string) => {
    const before = text.replace(/\S*$/, '');
    if (word.endsWith(':')) setText(before + word);
    else take(before + word);
    setAt(-1);
  };
  const press = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      setAt((now) => Math.max(-1, Math.min(offered.length - 1, now + (event.key === 'ArrowDown' ? 1 : -1))));
    } else if (event.key === 'Enter') {
      const word = offered[at];
      if (word) choose(word);
      else take(text);
    } else if (event.key === 'Escape') event.currentTarget.blur();
  };
  const set = FIELDS.filter((name) => search[name] !== undefined && name !== 'from' && name !== 'to' && !fixed.includes(name));
  const without = (...names: FieldName[]) =>
    Object.fromEntries(Object.entries(search).filter(([name]) => !names.some((one) => one === name)));
  const range = search.to === undefined ? RANGES.find(([value]) => value === (search.from ?? '')) : undefined;
  return (
    <div className="filters">
      <div className="filter-box">
        <Icon name="search" />
        <input
          data-search
          type="search"
          role="combobox"
          aria-expanded={open && offered.length > 0}
          aria-controls="filter-offers"
          aria-label="Filter runs"
          placeholder="Reference, id, name, label, or status:failed"
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={press}
          onFocus={() => setOpen(true)}
          onBlur={() => setOpen(false)}
        />
        {open && offered.length > 0 && (
          <div id="filter-offers" className="offers" role="listbox" aria-label="Filters">
            {offered.map((word, index) => (
              <div
                key={word}
                role="option"
                tabIndex={-1}
                aria-selected={index === at}
                onMouseDown={(event) => {
                  event.preventDefault();
                  choose(word);
                }}
              >
                {word}
              </div>
            ))}
          </div>
        )}
      </div>
      <select
        className="select"
        aria-label="Time"
        value={range ? (search.from ?? '') : 'own'}
        onChange={(event) => onSearch({ ...without('from', 'to'), ...(event.target.value && { from: event.target.value }) })}
      >
        {RANGES.map(([value, word]) => (
          <option key={value} value={value}>
            {word}
          </option>
        ))}
        {!range && <option value="own">Chosen range</option>}
      </select>
      {set.map((name) => (
        <Chip
          key={name}
          name={name}
          value={shownValue(name, search[name] ?? '', nameOf)}
          onClear={() => onSearch(without(name))}
        />
      ))}
      {!range && (
        <Chip
          name="started"
          value={`${shownInstant(search.from)} to ${shownInstant(search.to) || 'now'}`}
          onClear={() => onSearch(without('from', 'to'))}
        />
      )}
      {(set.length > 0 || search.q || search.from || search.to) && (
        <button type="button" className="link" onClick={() => onSearch(unfiltered(search, fixed))}>
          Clear
        </button>
      )}
    </div>
  );
}

const Chip = ({ name, value, onClear }: { name: string; value: string; onClear: () => void }) => (
  <span className="chip">
    <span className="muted">{name}</span> {value}
    <button type="button" aria-label={`Clear ${name}`} onClick={onClear}>
      <Icon name="cross" size={12} />
    </button>
  </span>
);

const shownInstant = (text: string | undefined) => (text ? text.replace('T', ' ').replace(/:00(\.000)?Z$/, '') : '');

function shownValue(name: FieldName, value: string, nameOf: (id: string) => string): string {
  if (name === 'workflow') return nameOf(value);
  if (name === 'fingerprint') return 'one cause';
  if (name === 'unaided') return 'without help';
  if (name !== 'status') return value;
  if (value.split(',').length > 3) return 'live';
  return value
    .split(',')
    .map((word) => lookOf(word).word.toLowerCase())
    .join(' or ');
}

/** What the last word may become. */
function suggestions(text: string, workflows: string[]): string[] {
  const last = /\S*$/.exec(text)?.[0] ?? '';
  const [name = '', value] = last.split(':');
  if (value === undefined)
    return last === '' && text !== '' ? [] : TYPED.map((one) => `${one}:`).filter((one) => one.startsWith(last));
  const values = name === 'workflow' ? workflows : (CHOICES[name as FieldName] ?? []);
  return values
    .filter((one) => one.startsWith(value))
    .slice(0, 10)
    .map((one) => `${name}:${one}`);
}
