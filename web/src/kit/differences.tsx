import type { Result } from '../api/call.ts';

export type DifferenceList = Result<'compareRuns'>['inputs'];

const MOST_CHARACTERS = 1500;

/** A side as JSON; what was cut says so by itself. */
function shown(difference: DifferenceList['items'][number], side: 'before' | 'after') {
  if (!(side in difference)) return <span className="faint">nothing</span>;
  const text = JSON.stringify(difference[side], null, 1) ?? 'null';
  return <code className="prewrap">{text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text}</code>;
}

/** Where two values part: place by place, both sides. */
export const Differences = ({ label, of, names }: { label: string; of: DifferenceList; names: readonly [string, string] }) =>
  of.items.length === 0 ? (
    <p className="muted">{label}: the same.</p>
  ) : (
    <div className="scroll">
      <table className="table differences">
        <caption>
          <b>{label}</b>{' '}
          <span className="muted num">
            {of.items.length}
            {of.more && '+'} {of.items.length === 1 ? 'place differs' : 'places differ'}
          </span>
        </caption>
        <thead>
          <tr>
            <th>Place</th>
            <th>{names[0]}</th>
            <th>{names[1]}</th>
          </tr>
        </thead>
        <tbody>
          {of.items.map((one) => (
            <tr key={one.path}>
              <td>
                <code>{one.path || 'the whole'}</code>
              </td>
              <td className="was">{shown(one, 'before')}</td>
              <td className="is">{shown(one, 'after')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
