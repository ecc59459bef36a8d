import { RUN_STATUS, type RunStatusV1 } from '../../../shared/run/model/status.ts';
import { Icon, type IconName } from './icons.tsx';

export type Tone = 'good' | 'bad' | 'warn' | 'active' | 'idle';

interface Look {
  word: string;
  tone: Tone;
  icon: IconName;
}

const TONES = { neutral: 'idle', active: 'active', good: 'good', bad: 'bad', muted: 'idle' } as const;
const ICONS: Record<RunStatusV1, IconName> = {
  pending: 'dots',
  running: 'play',
  waiting: 'hourglass',
  paused: 'pause',
  draining: 'drain',
  succeeded: 'check',
  failed: 'cross',
  timed_out: 'clock',
  stopped: 'stop',
  skipped: 'skip',
};

const rows = Object.values(RUN_STATUS).map((row): [string, Look] => {
  const word = 'badge' in row && !row.terminal ? row.badge : row.v1 === 'stopped' ? 'Stopped' : row.label;
  const tone = row.v1 === 'paused' || row.v1 === 'draining' ? 'warn' : TONES[row.tone];
  return [row.v1, { word, tone, icon: ICONS[row.v1] }];
});
const looks = new Map<string, Look>([...rows, ['cancelled', { word: 'Cancelled', tone: 'idle', icon: 'stop' }]]);

export const lookOf = (status: string): Look => looks.get(status) ?? { word: status, tone: 'idle', icon: 'dots' };

/** A state by icon, word and colour: none of them alone carries it. */
export function Status({ status, quiet = false }: { status: string; quiet?: boolean }) {
  const { word, tone, icon } = lookOf(status);
  return (
    <span className={`status ${tone}${quiet ? ' quiet' : ''}`} data-status={status}>
      <span className="status-icon">
        <Icon name={icon} size={12} />
      </span>
      {word}
    </span>
  );
}

/** The same as a dot with its word for screen readers, where a column of words would shout. */
export function StatusDot({ status }: { status: string }) {
  const { word, tone, icon } = lookOf(status);
  return (
    <span className={`status ${tone} dot`} role="img" aria-label={word} title={word} data-status={status}>
      <span className="status-icon">
        <Icon name={icon} size={12} />
      </span>
    </span>
  );
}
