import { type ButtonHTMLAttributes, type ReactNode, useId, useState } from 'react';
import { Refused } from '../api/call.ts';
import { Icon, type IconName } from './icons.tsx';
import { tellProblem, told } from './told.tsx';

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: 'primary' | 'plain' | 'ghost' | 'danger';
  icon?: IconName;
  /** Why it cannot be pressed now; said on hover and to screen readers. */
  because?: string | null | undefined;
}

/** A button that says why when it cannot be pressed. */
export function Button({ kind = 'plain', icon, because, children, className = '', onClick, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className={`button ${kind} ${className}`}
      {...rest}
      {...(because && { 'aria-disabled': true, title: because })}
      onClick={because ? undefined : onClick}
    >
      {icon && <Icon name={icon} />}
      {children && <span>{children}</span>}
    </button>
  );
}

/** A button that is a picture; its word is its label. */
export const IconButton = ({ icon, label, ...rest }: Omit<ButtonProps, 'children'> & { icon: IconName; label: string }) => (
  <button type="button" className="icon-button" aria-label={label} title={label} {...rest}>
    <Icon name={icon} />
  </button>
);

/** Puts a text on the clipboard and says so. */
export const copyText = (text: string) => void navigator.clipboard.writeText(text).then(() => told('Copied.'), tellProblem);

export function Copy({ text, label = 'Copy', small = true }: { text: string | (() => string); label?: string; small?: boolean }) {
  const copy = () => copyText(typeof text === 'string' ? text : text());
  return small ? (
    <IconButton icon="copy" label={label} onClick={copy} />
  ) : (
    <Button icon="copy" kind="ghost" onClick={copy}>
      {label}
    </Button>
  );
}

/** An id that can be taken along. */
export const Id = ({ id, short = false }: { id: string; short?: boolean }) => (
  <span className="id">
    <code title={id}>{short ? `${id.slice(0, 6)}…${id.slice(-4)}` : id}</code>
    <Copy text={id} label={`Copy ${id}`} />
  </span>
);

export function Field({
  label,
  hint,
  error,
  children,
}: {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  children: (id: string) => ReactNode;
}) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children(id)}
      {error ? <p className="field-error">{error}</p> : hint && <p className="field-hint">{hint}</p>}
    </div>
  );
}

interface NumberFieldProps {
  label: string;
  hint?: ReactNode;
  value: string;
  onChange: (value: string) => void;
  least?: number;
  most?: number | undefined;
}

/** A number, or nothing; a form with what is neither is not sent. */
export const NumberField = ({ label, hint, value, onChange, least, most }: NumberFieldProps) => (
  <Field label={label} hint={hint}>
    {(id) => (
      <input
        id={id}
        className="input"
        type="number"
        step="any"
        min={least}
        max={most}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    )}
  </Field>
);

/** Finds in what a page lists; `/` goes there. */
export const SearchBox = ({
  label,
  placeholder,
  value,
  onChange,
}: {
  label: string;
  placeholder: string;
  value: string;
  onChange: (value: string) => void;
}) => (
  <input
    data-search
    className="input search-box"
    type="search"
    placeholder={placeholder}
    aria-label={label}
    value={value}
    onChange={(event) => onChange(event.target.value)}
  />
);

/** Switches between a few views. */
export function Segments<T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: T;
  options: readonly (readonly [T, string])[];
  onChange: (value: T) => void;
}) {
  return (
    <fieldset className="segments">
      <legend className="hidden">{label}</legend>
      {options.map(([option, word]) => (
        <button key={option} type="button" aria-pressed={option === value} onClick={() => onChange(option)}>
          {word}
        </button>
      ))}
    </fieldset>
  );
}

/** What went wrong, in the words of the API. */
export function Problem({ error, retry }: { error: unknown; retry?: () => void }) {
  const message = error instanceof Error ? error.message : String(error);
  const details = error instanceof Refused ? error.details : [];
  return (
    <div className="problem" role="alert">
      <Icon name="alert" />
      <div>
        <p>{message}</p>
        {details.length > 0 && (
          <ul>
            {details.slice(0, 8).map(({ name, value }) => (
              <li key={`${name} ${value}`}>
                <code>{name}</code> {value}
              </li>
            ))}
          </ul>
        )}
      </div>
      {retry && <Button onClick={retry}>Try again</Button>}
    </div>
  );
}

/** Nothing to show, and why, and what to do about it. */
export const Empty = ({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) => (
  <div className="empty">
    <h2>{title}</h2>
    {children && <p>{children}</p>}
    {action && <div className="empty-action">{action}</div>}
  </div>
);

export const Loading = ({ rows = 6 }: { rows?: number }) => (
  <div className="loading" role="status" aria-label="Loading">
    {Array.from({ length: rows }, (_, at) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: lines of a placeholder are all alike
      <span key={at} />
    ))}
  </div>
);

/** Shows more of a long text when asked to. */
export function Clamp({ text, most = 400 }: { text: string; most?: number }) {
  const [open, setOpen] = useState(false);
  if (text.length <= most) return <span>{text}</span>;
  return (
    <>
      <span>{open ? text : `${text.slice(0, most)}…`}</span>{' '}
      <button type="button" className="link" onClick={() => setOpen(!open)}>
        {open ? 'Less' : `All ${text.length.toLocaleString('en')} characters`}
      </button>
    </>
  );
}
