import type { ReactNode } from 'react';
import { isMap } from '../../../shared/kernel/is-map.ts';
import { parseJson } from '../../../shared/kernel/json.ts';
import { MASK } from '../../../shared/kernel/mask.ts';
import { Field, Segments } from './controls.tsx';
import { fieldsOf, type Values } from './schema.ts';
import { SchemaForm } from './schema-form.tsx';

export type InputView = 'form' | 'json';

const VIEWS = [
  ['form', 'Form'],
  ['json', 'JSON'],
] as const;

/** The object that a text says; undefined when it is none. */
export function objectIn(text: string): Values | undefined {
  try {
    const value = parseJson(text);
    return isMap(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Why such a text cannot be sent: it is no object, or what is shown of a secret would be taken for the secret. */
export function whyNotSent(text: string): string | undefined {
  if (!objectIn(text)) return 'The input is no JSON object.';
  return text.includes(`"${MASK}"`) ? `Secrets are shown as ${MASK}: type them again.` : undefined;
}

interface Props {
  label: string;
  /** What fields there are; without any it is asked for as JSON alone. */
  schema: unknown;
  /** JSON: both views are of this text, so that neither knows what the other does not. */
  text: string;
  onText: (text: string) => void;
  view: InputView;
  onView: (view: InputView) => void;
  /** Nothing can be written: not yet, or not here. */
  isFixed?: boolean;
  /** It is what a dialog begins with. */
  isFirst?: boolean;
  hint?: ReactNode;
  /** What the API has said of it, and where the values stand in what was sent. */
  error?: unknown;
  place?: string;
}

/** What a workflow is started with, or a run goes on with: by the fields of its schema, or as JSON, with the same digits. */
export function InputForm({
  label,
  schema,
  text,
  onText,
  view,
  onView,
  isFixed = false,
  isFirst = false,
  hint,
  error,
  place = '',
}: Props) {
  const fields = isMap(schema) ? fieldsOf(schema) : [];
  const values = objectIn(text);
  const isForm = view === 'form' && isMap(schema) && fields.length > 0 && values !== undefined && !isFixed;
  const others = values ? Object.keys(values).filter((name) => !fields.some((field) => field.name === name)) : [];
  const choice = fields.length > 0 && (
    <Segments label={`${label} as`} value={isForm ? 'form' : 'json'} options={VIEWS} onChange={onView} />
  );
  if (isForm)
    return (
      <fieldset className="fields input-form" {...(isFirst && { 'data-autofocus': true, tabIndex: -1 })}>
        <legend>{label}</legend>
        <div className="row wrap">
          <span className="field-hint grow">{hint}</span>
          {choice}
        </div>
        <SchemaForm
          schema={schema}
          values={values}
          onValues={(next) => onText(JSON.stringify(next, null, 2))}
          error={error}
          place={place}
        />
        {others.length > 0 && (
          <p className="field-hint">
            Sent along as well, although the schema does not name it: <code>{others.join(', ')}</code>. It stands in the JSON.
          </p>
        )}
      </fieldset>
    );
  return (
    <div className="stack">
      {choice && <div className="row">{choice}</div>}
      <Field label={label} hint={hint} error={values || isFixed ? undefined : 'This is no JSON object.'}>
        {(id) => (
          <textarea
            id={id}
            className="textarea code"
            data-autofocus={isFirst || undefined}
            spellCheck={false}
            rows={text ? Math.min(22, text.split('\n').length + 2) : 12}
            readOnly={isFixed}
            value={text}
            onChange={(event) => onText(event.target.value)}
          />
        )}
      </Field>
    </div>
  );
}
