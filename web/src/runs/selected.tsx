import { useNavigate } from '@tanstack/react-router';
import { Button } from '../kit/controls.tsx';
import { Bulk } from './bulk.tsx';

/** What may be done with the runs that are selected. */
export function Selected({ ids, onClear }: { ids: readonly string[]; onClear: () => void }) {
  const navigate = useNavigate();
  const [one, other] = ids;
  // The older one first: what has become of it since is what a reader looks for.
  const [a = '', b = ''] = [one, other].toSorted();
  return (
    <div className="row wrap selection-bar" role="region" aria-label="Selected runs">
      <b className="num">{ids.length} selected</b>
      <Button
        icon="compare"
        because={ids.length === 2 ? undefined : 'Two runs can be compared: select two.'}
        onClick={() => void navigate({ to: '/compare', search: { a, b } })}
      >
        Compare
      </Button>
      <Bulk word="With these" selection={{ ids }} />
      <span className="grow" />
      <Button kind="ghost" onClick={onClear}>
        Clear
      </Button>
    </div>
  );
}
