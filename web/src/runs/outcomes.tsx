/** What runs came to, in the order in which bars stack them. */
export const OUTCOMES = ['succeeded', 'live', 'skipped', 'stopped', 'timed_out', 'failed'] as const;
type Outcome = (typeof OUTCOMES)[number];
export type Outcomes = { readonly [Name in Outcome]?: number };

const TONES: Record<Outcome, string> = {
  succeeded: 'good',
  live: 'active',
  skipped: 'idle',
  stopped: 'idle',
  timed_out: 'bad',
  failed: 'bad',
};
const LEAST_HEIGHT = 3;

export const totalOf = (outcomes: Outcomes) => OUTCOMES.reduce((sum, outcome) => sum + (outcomes[outcome] ?? 0), 0);

export const saidOf = (outcomes: Outcomes) =>
  OUTCOMES.flatMap((outcome) => (outcomes[outcome] ? [`${outcomes[outcome]} ${outcome.replace('_', ' ')}`] : [])).join(', ') ||
  'no runs';

/** A bar of them, as high as they are many. */
export const Stack = ({ outcomes, most }: { outcomes: Outcomes; most: number }) => (
  <>
    {OUTCOMES.map((outcome) => {
      const count = outcomes[outcome] ?? 0;
      return count > 0 ? (
        <i key={outcome} className={TONES[outcome]} style={{ height: `${Math.max(LEAST_HEIGHT, (count / most) * 100)}%` }} />
      ) : null;
    })}
  </>
);
