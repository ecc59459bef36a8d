import type { Update } from '@aws-sdk/client-dynamodb';
import { toItem } from '../../aws/items.ts';
import { FOREVER } from '../../kernel/hold.ts';
import type { Projection, Run } from '../model/run.ts';
import { isTerminal } from '../model/status.ts';
import type { ProjectedAt, RunChange } from '../ports.ts';
import { errorKeyOf, feedKeys, projectionItem, stateKeyOf } from './run-items.dynamo.ts';

/** A conditional update of a row: what is undefined is removed. */
export type RowUpdate = Pick<
  Update,
  'UpdateExpression' | 'ConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
>;

/** The row may go forward only; one that has ended takes the same end once more and nothing else. */
const NOT_BEYOND = '#seen <= :seen AND (attribute_exists(liveKey) OR (#seen = :seen AND #status = :status))';

/** What follows from the journal, as a whole: it may take the place of another state than the writer has seen. A snapshot is never taken back. */
export function projected(run: Run, next: Projection, { dueAt, dueWas, keptUntil }: ProjectedAt, now: Date): RowUpdate {
  const { snapshot, ...row } = projectionItem(run, next);
  const end = { liveKey: undefined, dueAt: undefined, ...(keptUntil !== undefined && { expires: keptUntil }) };
  const changes = {
    ...row,
    ...(snapshot && { snapshot }),
    stateKey: stateKeyOf(run, next.status, now, dueAt),
    errorKey: errorKeyOf(run, next.error),
    ...(isTerminal(next.status) ? end : dueAt !== undefined && { dueAt }),
  };
  const update = updateOf(changes, NOT_BEYOND, { expires: 'heldUntil' });
  if (isTerminal(next.status) || dueAt === undefined || dueWas === undefined) return update;
  // Somebody may have asked for an earlier look meanwhile.
  return {
    ...update,
    ConditionExpression: `${NOT_BEYOND} AND (#dueAt = :dueWas OR #dueAt > :dueAt)`,
    ExpressionAttributeValues: { ...update.ExpressionAttributeValues, ':dueWas': { S: dueWas } },
  };
}

/** The next look, unless somebody else has taken this one. */
export const dueTaken = (seen: string, dueAt: string): RowUpdate => {
  const update = updateOf({ dueAt }, '#dueAt = :seen AND attribute_exists(liveKey)');
  return { ...update, ExpressionAttributeValues: { ...update.ExpressionAttributeValues, ':seen': { S: seen } } };
};

/** What people say of a run stands in attributes of its own, which no projection writes. */
export function changed(run: Run, change: RunChange): RowUpdate {
  const { name, labels, labelsWere, archived } = change;
  const changes = {
    ...(name !== undefined && { name }),
    ...(labels !== undefined && { labels: labels.length > 0 ? labels : undefined }),
    ...(archived !== undefined && { archived: archived || undefined, ...feedKeys(run, archived !== false) }),
    ...holding(run, change),
  };
  const { areAs, values } = labelsWere ? asLabels(labelsWere) : { areAs: '', values: {} };
  const held = heldAs(run, change);
  const update = updateOf(changes, `attribute_exists(pk)${areAs}${held.areAs}`, KEEPING);
  const all = { ...update.ExpressionAttributeValues, ...toItem(values) };
  return {
    ...update,
    ExpressionAttributeNames: { ...update.ExpressionAttributeNames, ...held.names },
    ExpressionAttributeValues: Object.keys(all).length > 0 ? all : undefined,
  };
}

/** Who was first stays named. */
const KEEPING = { archived: '#archived', hold: '#hold', workflowHold: '#workflowHold' };

/** A row under a hold has the end of all time in the place of its own. */
function holding(run: Run, { hold, workflowHold, expires }: RunChange): Record<string, unknown> {
  if (hold || workflowHold) return { ...(hold ? { hold } : { workflowHold }), heldUntil: FOREVER, expires: FOREVER };
  if (hold === undefined && workflowHold === undefined) return {};
  const [lifted, other] = hold === false ? (['hold', 'workflowHold'] as const) : (['workflowHold', 'hold'] as const);
  return { [lifted]: undefined, ...(!run[other] && { heldUntil: undefined, expires }) };
}

/** What a hold is lifted from is as it was seen: what follows from it is right for that alone. */
function heldAs(run: Run, { hold, workflowHold }: RunChange): { areAs: string; names: Record<string, string> } {
  if (hold !== false && workflowHold !== false) return { areAs: '', names: {} };
  const other = hold === false ? 'workflowHold' : 'hold';
  const has = (attribute: string, isThere: boolean) =>
    ` AND ${isThere ? 'attribute_exists' : 'attribute_not_exists'}(${attribute})`;
  const areAs = has('#other', run[other] !== undefined) + has('liveKey', run.endedAt === undefined);
  return { areAs, names: { '#other': other } };
}

/** The run as it is after that. */
export const changedRun = (run: Run, { name = run.name, labels = run.labels, archived, hold }: RunChange): Run => ({
  ...run,
  name,
  labels,
  archived: archived === undefined ? run.archived : archived ? (run.archived ?? archived) : undefined,
  hold: hold === undefined ? run.hold : hold || undefined,
});

/** A run without labels has no such attribute. */
const asLabels = (labels: string[]) =>
  labels.length > 0
    ? { areAs: ' AND #labels = :labelsWere', values: { ':labelsWere': labels } }
    : { areAs: ' AND attribute_not_exists(#labels)', values: {} };

/** Kept at least until then. */
export const kept = (until: number): RowUpdate => updateOf({ expires: until }, '#expires < :expires');

/** `keeping`: whose value stands instead, where there is one. */
function updateOf(
  changes: Record<string, unknown>,
  ConditionExpression: string,
  keeping: Record<string, string> = {},
): RowUpdate {
  const names = Object.keys(changes);
  const present = names.filter((name) => changes[name] !== undefined);
  const absent = names.filter((name) => changes[name] === undefined);
  const setTo = (name: string) => (keeping[name] === undefined ? `:${name}` : `if_not_exists(${keeping[name]}, :${name})`);
  const set = present.length > 0 ? [`SET ${present.map((name) => `#${name} = ${setTo(name)}`).join(', ')}`] : [];
  const remove = absent.length > 0 ? [`REMOVE ${absent.map((name) => `#${name}`).join(', ')}`] : [];
  return {
    UpdateExpression: [...set, ...remove].join(' '),
    ConditionExpression,
    ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: toItem(Object.fromEntries(present.map((name) => [`:${name}`, changes[name]]))),
  };
}
