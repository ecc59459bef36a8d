/** One run state: whether it can still change, and its word in each dialect. */
interface StatusRow {
  terminal: boolean;
  label: string;
  tone: 'neutral' | 'active' | 'good' | 'bad' | 'muted';
  /** `status` of the v2 contract. */
  v2: 'Created' | 'Running' | 'Exception' | 'Stopped' | 'Succeeded';
  /** `status` of /v1. */
  v1: string;
  /** Word in the console's runs table; `badge` stands beside it. */
  table: string;
  badge?: string;
  /** Few runs are in it at any time, so the index by state holds it; the others are read from the feeds with a filter. */
  rare: boolean;
}

/** The one table of run states. */
export const RUN_STATUS = {
  pending: { terminal: false, label: 'Pending', tone: 'neutral', v2: 'Created', v1: 'pending', table: 'Pending', rare: true },
  running: { terminal: false, label: 'Running', tone: 'active', v2: 'Running', v1: 'running', table: 'Running', rare: true },
  waiting: {
    terminal: false,
    label: 'Running',
    tone: 'active',
    v2: 'Running',
    v1: 'waiting',
    table: 'Running',
    badge: 'Waiting',
    rare: true,
  },
  paused: {
    terminal: false,
    label: 'Running',
    tone: 'active',
    v2: 'Running',
    v1: 'paused',
    table: 'Running',
    badge: 'Paused',
    rare: true,
  },
  draining: {
    terminal: false,
    label: 'Running',
    tone: 'active',
    v2: 'Running',
    v1: 'draining',
    table: 'Running',
    badge: 'Draining',
    rare: true,
  },
  succeeded: {
    terminal: true,
    label: 'Succeeded',
    tone: 'good',
    v2: 'Succeeded',
    v1: 'succeeded',
    table: 'Finished',
    rare: false,
  },
  failed: { terminal: true, label: 'Failed', tone: 'bad', v2: 'Exception', v1: 'failed', table: 'Failed', rare: true },
  timed_out: {
    terminal: true,
    label: 'Timed out',
    tone: 'bad',
    v2: 'Exception',
    v1: 'timed_out',
    table: 'Failed',
    badge: 'Timed out',
    rare: true,
  },
  cancelled: { terminal: true, label: 'Cancelled', tone: 'muted', v2: 'Stopped', v1: 'stopped', table: 'Stopped', rare: true },
  skipped: { terminal: true, label: 'Skipped', tone: 'muted', v2: 'Stopped', v1: 'skipped', table: 'Skipped', rare: false },
} as const satisfies Record<string, StatusRow>;

export type RunStatus = keyof typeof RUN_STATUS;
export type RunStatusV1 = (typeof RUN_STATUS)[RunStatus]['v1'];

export const RUN_STATUSES = Object.keys(RUN_STATUS) as [RunStatus, ...RunStatus[]];
export const RUN_STATUSES_V1 = RUN_STATUSES.map((status) => RUN_STATUS[status].v1) as [RunStatusV1, ...RunStatusV1[]];

/** No later writer changes a run in such a state. */
export const isTerminal = (status: RunStatus) => RUN_STATUS[status].terminal;

/** The state behind a /v1 word. */
export const fromV1 = (word: RunStatusV1): RunStatus =>
  RUN_STATUSES.find((status) => RUN_STATUS[status].v1 === word) ?? 'pending';

/** Triggers that the glossary names. */
export const TRIGGERS = ['manual', 'api', 'email', 'schedule', 'webhook', 'queue', 'event', 'rerun', 'parent', 'test'] as const;
export type Trigger = (typeof TRIGGERS)[number];

/** Whether outside calls of a test run are answered from the record, or made. */
export const TEST_MODES = ['recorded', 'real'] as const;
export type TestMode = (typeof TEST_MODES)[number];

export const STAGES = ['Draft', 'Published'] as const;
export type Stage = (typeof STAGES)[number];
