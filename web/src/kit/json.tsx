import { useMemo, useState } from 'react';
import { isExactNumber } from '../../../shared/kernel/json.ts';
import { Copy } from './controls.tsx';
import { CutValue, cutIn } from './cut-value.tsx';
import { Icon } from './icons.tsx';

const MANY = 100;

type Whole = Record<string, unknown>;
const isMap = (value: unknown): value is Whole | unknown[] =>
  typeof value === 'object' && value !== null && !isExactNumber(value);

/** A value, whole: it opens in place, is searched, and is copied with all digits of its numbers. */
export function Json({ value, label, open = 2 }: { value: unknown; label: string; open?: number }) {
  const [query, setQuery] = useState('');
  const text = useMemo(() => JSON.stringify(value, null, 2) ?? 'null', [value]);
  const searched = query.trim().toLowerCase();
  const long = text.length > 1500;
  return (
    <div className="json">
      <div className="json-head">
        <h3>{label}</h3>
        {long && (
          <input
            className="input small"
            type="search"
            placeholder="Find in value"
            aria-label={`Find in ${label}`}
            value={query}
            onChange={(event) => setQuery(event.target.value)}
          />
        )}
        <Copy text={text} label={`Copy ${label} as JSON`} />
      </div>
      <div className="json-body" tabIndex={0} role="region" aria-label={label}>
        <Node name={undefined} value={value} depth={0} open={open} searched={searched} />
      </div>
    </div>
  );
}

interface NodeProps {
  name: string | undefined;
  value: unknown;
  depth: number;
  open: number;
  searched: string;
}

const has = (value: unknown, searched: string): boolean =>
  isMap(value)
    ? Object.entries(value).some(([key, inner]) => key.toLowerCase().includes(searched) || has(inner, searched))
    : String(value).toLowerCase().includes(searched);

function Node({ name, value, depth, open, searched }: NodeProps) {
  const [shown, setShown] = useState<boolean>();
  const [most, setMost] = useState(MANY);
  const cut = isMap(value) && !Array.isArray(value) ? cutIn(value) : undefined;
  const label = name === undefined ? null : <span className="json-key">{name}: </span>;
  if (cut)
    return (
      <div className="json-line">
        {label}
        <CutValue cut={cut} />
      </div>
    );
  if (!isMap(value)) {
    return (
      <div className="json-line">
        {label}
        <Leaf value={value} searched={searched} />
      </div>
    );
  }
  const entries = Object.entries(value);
  const matching = searched
    ? entries.filter(([key, inner]) => key.toLowerCase().includes(searched) || has(inner, searched))
    : entries;
  const list = Array.isArray(value);
  const [left, right] = list ? ['[', ']'] : ['{', '}'];
  if (entries.length === 0)
    return (
      <div className="json-line">
        {label}
        {left}
        {right}
      </div>
    );
  const isOpen = searched !== '' || (shown ?? depth < open);
  return (
    <div className="json-node">
      <button type="button" className="json-toggle" aria-expanded={isOpen} onClick={() => setShown(!isOpen)}>
        <Icon name={isOpen ? 'down' : 'right'} size={12} />
        {label}
        <span className="faint">{isOpen ? left : `${left} ${entries.length} ${list ? 'items' : 'fields'} ${right}`}</span>
      </button>
      {isOpen && (
        <div className="json-inside">
          {matching.slice(0, most).map(([key, inner]) => (
            <Node key={key} name={list ? `${key}` : key} value={inner} depth={depth + 1} open={open} searched={searched} />
          ))}
          {matching.length > most && (
            <button type="button" className="link" onClick={() => setMost(most + 10 * MANY)}>
              {matching.length - most} more
            </button>
          )}
          {searched && matching.length === 0 && <span className="faint">nothing found</span>}
          <span className="faint">{right}</span>
        </div>
      )}
    </div>
  );
}

const LONG = 600;

function Leaf({ value, searched }: { value: unknown; searched: string }) {
  const [whole, setWhole] = useState(false);
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  const kind = typeof value === 'string' ? 'string' : value === null ? 'null' : typeof value === 'boolean' ? 'boolean' : 'number';
  const cut = text.length > LONG && !whole && searched === '';
  return (
    <>
      <span className={`json-${kind}`}>{cut ? `${text.slice(0, LONG)}…` : text}</span>
      {cut && (
        <button type="button" className="link" onClick={() => setWhole(true)}>
          {' '}
          all {text.length.toLocaleString('en')} characters
        </button>
      )}
    </>
  );
}
