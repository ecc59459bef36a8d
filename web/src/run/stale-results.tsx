import { Refused } from '../api/call.ts';

/** A result that would be taken over although what it comes from has changed, as docs/control-and-recovery.md lists them. */
export interface Stale {
  step: string;
  change: string;
  message: string;
}
export type StaleChoice = 'take' | { from: string } | undefined;

const CHANGE = /^(new|gone|kind|moved|inputs): (.+)$/;

/** What a refused rerun says of results that would be taken over. */
export function staleIn(error: unknown): Stale[] {
  if (!(error instanceof Refused) || error.status !== 409) return [];
  return error.details.flatMap(({ name, value }) => {
    const [, change, step] = CHANGE.exec(name) ?? [];
    return change && step ? [{ change, step, message: String(value) }] : [];
  });
}

interface Props {
  stale: readonly Stale[];
  /** The steps as they stand. */
  order: readonly string[];
  choice: StaleChoice;
  onChoice: (choice: StaleChoice) => void;
}

/** Asks, when there is something to ask: neither an old result nor a second reservation is what somebody gets unseen. */
export function StaleResults({ stale, order, choice, onChoice }: Props) {
  const readers = stale.filter(({ change }) => change === 'inputs').map(({ step }) => step);
  const from = order.find((step) => readers.includes(step)) ?? readers[0];
  return (
    <fieldset className="fields">
      <legend>Results from before the change</legend>
      <ul>
        {stale.map(({ change, step, message }) => (
          <li key={`${change} ${step}`}>{message}</li>
        ))}
      </ul>
      <label className="check">
        <input type="radio" name="stale" checked={choice === 'take'} onChange={() => onChoice('take')} />
        <span>Take them over as they are: nothing is done a second time</span>
      </label>
      {from !== undefined && (
        <label className="check">
          <input type="radio" name="stale" checked={typeof choice === 'object'} onChange={() => onChoice({ from })} />
          <span>
            Execute again from <code>{from}</code>: what it and the steps after it have done is done once more
          </span>
        </label>
      )}
    </fieldset>
  );
}
