import { type ReactNode, useState } from 'react';
import { isMap } from '../../../shared/kernel/is-map.ts';
import { parseJson } from '../../../shared/kernel/json.ts';
import { MASK } from '../../../shared/kernel/mask.ts';
import { wallText } from '../../../shared/trigger/schedule/zone.ts';
import { Refused } from '../api/call.ts';
import { Button, Field, IconButton } from './controls.tsx';
import { defaultsOf, type FormField, fieldsOf, itemOf, type Schema, type Values } from './schema.ts';
import { useZone } from './time.tsx';
import { instantIn, wallIn, zoneWords } from './zone.ts';

interface Props {
  schema: Schema;
  values: Values;
  onValues: (values: Values) => void;
  /** What the API has said of it. */
  error?: unknown;
  /** Where the values stand in what is sent: `form`, `settings`. */
  place?: string;
  /** What is typed is not shown. */
  isSecret?: boolean;
}

/** A form that follows a JSON Schema: what people are asked, and what the API takes. */
export function SchemaForm({ schema, values, onValues, error, place = '', isSecret = false }: Props) {
  return (
    <div className="stack">
      {fieldsOf(schema).map((field) => {
        const at = place ? `${place}.${field.name}` : field.name;
        const set = (value: unknown) => {
          const { [field.name]: _, ...others } = values;
          onValues(value === undefined ? others : { ...others, [field.name]: value });
        };
        return (
          <Asked
            key={field.name}
            field={field}
            value={values[field.name]}
            set={set}
            error={error}
            place={at}
            isSecret={isSecret}
          />
        );
      })}
    </div>
  );
}

/** What the API has said of a place, or of what is in it. */
function saidOf(error: unknown, place: string): string | undefined {
  if (!(error instanceof Refused)) return undefined;
  const detail = error.details.find(({ name }) => name === place || name.startsWith(`${place}[`) || name.startsWith(`${place}.`));
  return detail && String(detail.value);
}

/** Descriptions quote values as Markdown does. */
const hinted = (text: string | undefined): ReactNode =>
  text?.split('`').map((part, at) => (at % 2 === 1 ? <code key={part}>{part}</code> : part));

interface AskedProps {
  field: FormField;
  value: unknown;
  set: (value: unknown) => void;
  error: unknown;
  place: string;
  isSecret: boolean;
}

function Asked({ field, value, set, error, place, isSecret }: AskedProps) {
  const { label, required, schema, ask } = field;
  const hint = hinted(field.hint);
  if (ask.kind === 'flag')
    return (
      <label className="check">
        <input type="checkbox" checked={value === true} onChange={(event) => set(event.target.checked)} />
        <span>
          {label}
          {hint && <span className="field-hint block">{hint}</span>}
        </span>
      </label>
    );
  if (ask.kind === 'fields')
    return (
      <fieldset className="fields">
        <legend>{label}</legend>
        {hint && <p className="field-hint">{hint}</p>}
        <SchemaForm
          schema={schema}
          values={isMap(value) ? value : {}}
          onValues={(next) => set(Object.keys(next).length > 0 ? next : undefined)}
          error={error}
          place={place}
          isSecret={isSecret}
        />
      </fieldset>
    );
  if (ask.kind === 'list')
    return (
      <Items field={field} items={ask.items} value={value} set={set} error={error} place={place} isSecret={isSecret}>
        {hint && <p className="field-hint">{hint}</p>}
      </Items>
    );
  return (
    <Field
      label={required || schema['default'] !== undefined ? label : `${label} (optional)`}
      hint={hint}
      error={saidOf(error, place)}
    >
      {(id) => <Control id={id} field={field} value={value} set={set} isSecret={isSecret} />}
    </Field>
  );
}

interface ItemsProps extends AskedProps {
  items: Schema;
  children: ReactNode;
}

/** A list, item by item. */
function Items({ field, items, value, set, error, place, isSecret, children }: ItemsProps) {
  // What is typed is kept by the place of an item: when one goes, those behind it begin anew.
  const [removed, setRemoved] = useState(0);
  const list = Array.isArray(value) ? value : [];
  const change = (next: unknown[]) => set(next.length > 0 || field.required ? next : undefined);
  const first = itemOf(field, items, 0).ask.kind === 'fields' ? defaultsOf(items) : items['default'];
  return (
    <fieldset className="fields list-fields">
      <legend>{field.label}</legend>
      {children}
      {list.map((item: unknown, at) => {
        const one = itemOf(field, items, at);
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: an item is known by its place
          <div key={`${removed} ${at}`} className="list-item">
            <Asked
              field={one}
              value={item}
              set={(next) => change(list.with(at, next ?? (one.ask.kind === 'fields' ? {} : null)))}
              error={error}
              place={`${place}[${at}]`}
              isSecret={isSecret}
            />
            <IconButton
              icon="cross"
              label={`Remove ${one.label}`}
              onClick={() => {
                setRemoved(removed + 1);
                change(list.toSpliced(at, 1));
              }}
            />
          </div>
        );
      })}
      {saidOf(error, place) !== undefined && list.length === 0 && <p className="field-error">{saidOf(error, place)}</p>}
      <div>
        <Button icon="plus" onClick={() => change([...list, first ?? null])}>
          Add to {field.label}
        </Button>
      </div>
    </fieldset>
  );
}

/** An instant, as a clock shows it where times are shown. */
function Instant({ id, field, value, set }: Pick<AskedProps, 'field' | 'value' | 'set'> & { id: string }) {
  const zone = useZone();
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return (
    <div className="row">
      <input
        id={id}
        className="input"
        type="datetime-local"
        step={1}
        required={field.required}
        value={Number.isNaN(at) ? '' : wallText(wallIn(zone, at))}
        onChange={(event) =>
          set(event.target.value ? new Date(instantIn(zone, Date.parse(`${event.target.value}Z`))).toISOString() : undefined)
        }
      />
      <span className="muted nowrap">{zoneWords(zone)}</span>
    </div>
  );
}

/** What is no instant is shown as it is, to be corrected. */
const isInstant = (value: unknown) => value === undefined || (typeof value === 'string' && !Number.isNaN(Date.parse(value)));

function Control({ id, field, value, set, isSecret: isAllSecret }: Omit<AskedProps, 'error' | 'place'> & { id: string }) {
  const { required, schema, ask } = field;
  // As input schemas say it: masked wherever it is shown.
  const isSecret = isAllSecret || schema['secret'] === true;
  if (ask.kind === 'choice')
    return (
      <select
        id={id}
        className="select"
        value={ask.options.indexOf(value)}
        onChange={(event) => set(ask.options[Number(event.target.value)])}
      >
        {(value === undefined || (!required && schema['default'] === undefined)) && (
          <option value={-1}>{required ? 'Choose' : 'Not set'}</option>
        )}
        {ask.options.map((option, at) => (
          <option key={String(option)} value={at}>
            {String(option)}
          </option>
        ))}
      </select>
    );
  if (ask.kind === 'text' && ask.format === 'date-time' && !isSecret && isInstant(value))
    return <Instant id={id} field={field} value={value} set={set} />;
  if (ask.kind === 'text' && (isSecret || !ask.isLong))
    return (
      <input
        id={id}
        className="input"
        type={isSecret ? 'password' : ask.format === 'date' ? 'date' : 'text'}
        autoComplete="off"
        required={required}
        {...(isSecret && value === MASK && { placeholder: 'Hidden: type it again' })}
        value={typeof value === 'string' && !(isSecret && value === MASK) ? value : ''}
        onChange={(event) => set(event.target.value || undefined)}
      />
    );
  if (ask.kind === 'text')
    return (
      <textarea
        id={id}
        className="textarea"
        rows={2}
        required={required}
        value={typeof value === 'string' ? value : ''}
        onChange={(event) => set(event.target.value || undefined)}
      />
    );
  return <Written id={id} field={field} value={value} set={set} />;
}

/** What is typed as text and means something else: numbers, lists, JSON. What cannot be read is sent as it is, and the API says what is wrong with it. */
function Written({
  id,
  field: { required, ask },
  value,
  set,
}: Omit<AskedProps, 'error' | 'place' | 'isSecret'> & { id: string }) {
  const [text, setText] = useState(() => writtenOf(ask.kind, value));
  const change = (next: string) => {
    setText(next);
    set(readAs(ask.kind, next));
  };
  if (ask.kind === 'number')
    return (
      <input
        id={id}
        className="input"
        inputMode="decimal"
        autoComplete="off"
        required={required}
        value={text}
        onChange={(event) => change(event.target.value)}
      />
    );
  return (
    <textarea
      id={id}
      className={ask.kind === 'json' ? 'textarea code short' : 'textarea'}
      spellCheck={false}
      rows={ask.kind === 'json' ? 4 : 2}
      placeholder={ask.kind === 'lines' ? 'One a line' : 'JSON'}
      required={required}
      value={text}
      onChange={(event) => change(event.target.value)}
    />
  );
}

function writtenOf(kind: FormField['ask']['kind'], value: unknown): string {
  if (value === undefined || value === null) return '';
  if (kind === 'lines') return Array.isArray(value) ? value.join('\n') : String(value);
  return kind === 'number' ? String(value) : JSON.stringify(value, null, 2);
}

function readAs(kind: FormField['ask']['kind'], text: string): unknown {
  if (text.trim() === '') return undefined;
  if (kind === 'lines') return text.split('\n').flatMap((line) => (line.trim() ? [line.trim()] : []));
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}
