import type { UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import type { Run } from '../run/model/run.ts';
import { LIVE_STATUSES, type RunStatus } from '../run/model/status.ts';
import type { Settlement } from '../run/ports.ts';
import { toItem } from './items.ts';
import { stateKey } from './run-items.ts';

/** One conditional change of a run row. Attributes stand as `#name`, values as `:name`; what is undefined is left alone. */
export interface Change {
  set: Record<string, unknown>;
  /** Set unless they have been set before. */
  setOnce?: Record<string, unknown>;
  remove?: string[];
  /** All of them must hold. */
  when: string[];
  values?: Record<string, unknown>;
}

const live = LIVE_STATUSES.map((_, n) => `:live${n}`);
const liveValues = Object.fromEntries(LIVE_STATUSES.map((status, n) => [`:live${n}`, status]));
const LIVE = `#status IN (${live.join(', ')})`;
const NOT_STOPPED = 'attribute_not_exists(#stop)';

const inState = (run: Run, status: RunStatus) => ({ status, stateKey: stateKey(run.workspace, status) });
const dueAt = (at: string) => ({ dueAt: at, dueKey: 'due' });

export const running = (run: Run, startedAt: string, due: string): Change => ({
  set: { ...inState(run, 'running'), startedAt, dueAt: due },
  when: ['#status = :pending'],
  values: { ':pending': 'pending' },
});

/** The stronger stop takes the place of the weaker. */
export function stopping(run: Run, stop: NonNullable<Run['stop']>, due: string): Change {
  const set = { stop, ...dueAt(due) };
  if (stop.mode === 'graceful') return { set: { ...set, ...inState(run, 'draining') }, when: [LIVE, NOT_STOPPED] };
  return { set, when: [LIVE, `(${NOT_STOPPED} OR #stop.#mode = :graceful)`], values: { ':graceful': 'graceful' } };
}

export const pausing = (pause: NonNullable<Run['pause']>, due: string): Change => ({
  set: { pause, ...dueAt(due) },
  when: [LIVE, NOT_STOPPED, '(attribute_not_exists(#pause) OR #pause.#resume = :true)'],
  values: { ':true': true },
});

export const resumingLater = (by: string): Change => ({
  set: { 'pause.resume': true, 'pause.resumedBy': by },
  when: ['attribute_exists(#pause)', NOT_STOPPED, '#status <> :paused'],
  values: { ':paused': 'paused' },
});

export const paused = (run: Run): Change => ({
  set: inState(run, 'paused'),
  remove: ['dueKey', 'dueAt'],
  when: [LIVE, NOT_STOPPED, 'attribute_exists(#pause)', 'attribute_not_exists(#pause.#resume)', '#status <> :paused'],
  values: { ':paused': 'paused' },
});

/** Once for each pause, from the walk that was seen. */
export const resumed = (seen: Run, next: Run): Change => ({
  set: {
    ...inState(seen, next.status),
    walk: next.walk,
    deadline: next.deadline,
    resumedAt: next.resumedAt,
    ...dueAt(next.dueAt ?? next.deadline),
  },
  setOnce: { startedAt: seen.createdAt },
  remove: ['pause'],
  when: [LIVE, NOT_STOPPED, '#walk = :seen', '#pause.#at = :since', '(#status = :paused OR #pause.#resume = :true)'],
  values: { ':seen': seen.walk, ':since': seen.pause?.at ?? '', ':paused': 'paused', ':true': true },
});

/** A run that was told to stop does not succeed any more. */
export function settled(run: Run, { status, at, endedId, outputs, error, reason }: Settlement): Change {
  const state = inState(run, status);
  return {
    set: { ...state, endedAt: at, endedId, outputs, error, reason },
    setOnce: { startedAt: run.createdAt },
    remove: ['dueKey', 'dueAt', ...(state.stateKey === undefined ? ['stateKey'] : [])],
    when: status === 'succeeded' ? [LIVE, NOT_STOPPED] : [LIVE],
  };
}

export const deferred = (due: string): Change => ({ set: { dueAt: due }, when: [LIVE] });

/** A change in DynamoDB's words. */
export function updateOf({ set, setOnce = {}, remove = [], when, values = {} }: Change) {
  const given = (fields: Record<string, unknown>) => Object.entries(fields).filter(([, value]) => value !== undefined);
  const path = (field: string) =>
    field
      .split('.')
      .map((part) => `#${part}`)
      .join('.');
  const name = (field: string) => `:new_${field.replace('.', '_')}`;
  const sets = [
    ...given(set).map(([field]) => `${path(field)} = ${name(field)}`),
    ...given(setOnce).map(([field]) => `${path(field)} = if_not_exists(${path(field)}, ${name(field)})`),
  ];
  const removes = remove.length > 0 ? ` REMOVE ${remove.map(path).join(', ')}` : '';
  const UpdateExpression = `SET ${sets.join(', ')}${removes}`;
  const ConditionExpression = when.join(' AND ');
  const named = `${UpdateExpression} ${ConditionExpression}`.match(/#\w+/g) ?? [];
  const news = given({ ...set, ...setOnce }).map(([field, value]) => [name(field), value]);
  return {
    UpdateExpression,
    ConditionExpression,
    ExpressionAttributeNames: Object.fromEntries(named.map((one) => [one, one.slice(1)])),
    ExpressionAttributeValues: toItem({ ...values, ...(when.includes(LIVE) && liveValues), ...Object.fromEntries(news) }),
  } satisfies Partial<UpdateItemCommandInput>;
}
