import { type FormEvent, useState } from 'react';
import { Button, NumberField, Problem } from '../kit/controls.tsx';

const OUTCOMES = [
  ['succeeded', 'Succeeded or skipped'],
  ['failed', 'Failed or timed out'],
  ['stopped', 'Stopped'],
] as const;
export type Days = { [Name in (typeof OUTCOMES)[number][0]]?: number | null | undefined };

interface Props {
  days: Days;
  /** What counts where nothing is said. */
  otherwise: (outcome: keyof Days) => string;
  most: number | undefined;
  because: string | undefined;
  save: (days: { [Name in keyof Days]: number }) => Promise<unknown>;
}

/** For how many days runs are kept, by what they came to. */
export function RetentionForm({ days, otherwise, most, because, save }: Props) {
  const [texts, setTexts] = useState<Record<string, string>>(() =>
    Object.fromEntries(OUTCOMES.map(([name]) => [name, String(days[name] ?? '')])),
  );
  const [error, setError] = useState<unknown>();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setError(undefined);
    const given = OUTCOMES.flatMap(([name]) => (texts[name]?.trim() ? [[name, Number(texts[name])]] : []));
    try {
      await save(Object.fromEntries(given));
    } catch (thrown) {
      setError(thrown);
    }
  };
  return (
    <form className="stack" onSubmit={submit}>
      <div className="row wrap days">
        {OUTCOMES.map(([name, word]) => (
          <NumberField
            key={name}
            label={word}
            hint={texts[name]?.trim() ? 'days after the end' : otherwise(name)}
            value={texts[name] ?? ''}
            least={1}
            most={most}
            onChange={(text) => setTexts({ ...texts, [name]: text })}
          />
        ))}
      </div>
      {error !== undefined && <Problem error={error} />}
      <div>
        <Button type="submit" because={because}>
          Save
        </Button>
      </div>
    </form>
  );
}
