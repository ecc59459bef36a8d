import { type Reach, reachedSince, useReach } from '../api/reach.ts';
import { Icon } from '../kit/icons.tsx';
import { clock } from '../kit/time.tsx';

const WORDS: Record<Exclude<Reach, 'well'>, (since: string) => string> = {
  offline: () => 'This browser is offline. What is shown may have changed meanwhile.',
  unreachable: (since) => `Millrun is not reached, since ${since}. What is shown may have changed meanwhile; it is tried again.`,
  failing: (since) => `Millrun fails to answer, since ${since}. What is shown may have changed meanwhile; it is tried again.`,
  slow: () => 'Millrun is slow to answer.',
};

/** Says so when what a page shows may be old. */
export function ReachLine() {
  const reach = useReach();
  return (
    <div role="status">
      {reach !== 'well' && (
        <p className={`reach ${reach === 'slow' ? 'slow' : ''}`}>
          <Icon name="alert" size={14} />
          {WORDS[reach](clock(reachedSince()))}
        </p>
      )}
    </div>
  );
}
