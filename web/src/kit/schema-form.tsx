import { type ReactNode, useState } from 'react';
import { isMap } from '../../../shared/kernel/is-map.ts';
import { parseJson } from '../../../shared/kernel/json.ts';
import { MASK } from '../../../shared/kernel/mask.ts';
import { Refused } from '../api/call.ts';
import { Field } from './controls.tsx';
import { type FormField, fieldsOf, type Schema, type Values } from './schema.ts';

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
