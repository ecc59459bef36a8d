import { type ReactNode, useState } from 'react';
import { ReasonDialog } from './dialog.tsx';
import { fieldsOf, missingIn, type Schema, type Values } from './schema.ts';
import { SchemaForm } from './schema-form.tsx';

interface Props {
  title: string;
  verb: string;
  schema: Schema;
  values: Values;
  /** Gets what stands in the form, and why. */
  save: (values: Values, reason: string | undefined) => Promise<unknown>;
  onClose: () => void;
  children?: ReactNode;
}

/** A form that follows a schema, in a dialog. What the API says of a field stands at the field. */
export function FormDialog({ title, verb, schema, values: proposed, save, onClose, children }: Props) {
  const [values, setValues] = useState(proposed);
  const [error, setError] = useState<unknown>();
  const missing = missingIn(schema, values);
  return (
    <ReasonDialog
      title={title}
      verb={verb}
      size="lg"
      opened
      onClose={onClose}
      because={missing.length > 0 ? `Fill in ${missing.join(', ')}.` : undefined}
      act={async (reason) => {
        try {
          await save(values, reason);
        } catch (thrown) {
          setError(thrown);
          throw thrown;
        }
      }}
    >
      {children}
      <SchemaForm schema={schema} values={values} onValues={setValues} error={error} />
    </ReasonDialog>
  );
}

/** What of a thing its form asks for. */
export const valuesOf = (schema: Schema, thing: object): Values =>
  Object.fromEntries(
    fieldsOf(schema).flatMap(({ name }) => {
      const value: unknown = Reflect.get(thing, name);
      return value === null || value === undefined ? [] : [[name, value]];
    }),
  );

/** As a change says it: what was there and is not any more is null. */
export const changeOf = (schema: Schema, before: Values, after: Values): Values =>
  Object.fromEntries(
    fieldsOf(schema).flatMap(({ name }): [string, unknown][] =>
      after[name] !== undefined ? [[name, after[name]]] : before[name] !== undefined ? [[name, null]] : [],
    ),
  );
