import type { UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import { toItem } from '../../aws/items.ts';
import type { Projection, Run } from '../model/run.ts';
import { isTerminal } from '../model/status.ts';
import type { ProjectedAt } from '../ports.ts';
import { projectionItem, stateKeyOf } from './run-items.dynamo.ts';

/** A conditional update of a row: what is undefined is removed. */
export type RowUpdate = Pick<
  UpdateItemCommandInput,
  'UpdateExpression' | 'ConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
>;

/** The row may go forward only; one that has ended takes the same end once more and nothing else. */
const NOT_BEYOND = '#seen <= :seen AND (attribute_exists(liveKey) OR (#seen = :seen AND #status = :status))';

/** What follows from the journal, as a whole: it may take the place of another state than the writer has seen. A snapshot is never taken back. */
export function projected(run: Run, next: Projection, { dueAt, dueWas, keptUntil }: ProjectedAt, now: Date): RowUpdate {
  const { snapshot, ...row } = projectionItem(next);
  const end = { liveKey: undefined, dueAt: undefined, ...(keptUntil !== undefined && { expires: keptUntil }) };
  const changes = {
    ...row,
    ...(snapshot && { snapshot }),
    stateKey: stateKeyOf(run, next.status, now, dueAt),
    ...(isTerminal(next.status) ? end : dueAt !== undefined && { dueAt }),
  };
  const update = updateOf(changes, NOT_BEYOND);
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

/** Kept at least until then. */
export const kept = (until: number): RowUpdate => updateOf({ expires: until }, '#expires < :expires');

function updateOf(changes: Record<string, unknown>, ConditionExpression: string): RowUpdate {
  const names = Object.keys(changes);
  const present = names.filter((name) => changes[name] !== undefined);
  const absent = names.filter((name) => changes[name] === undefined);
  const set = `SET ${present.map((name) => `#${name} = :${name}`).join(', ')}`;
  const remove = absent.length > 0 ? ` REMOVE ${absent.map((name) => `#${name}`).join(', ')}` : '';
  return {
    UpdateExpression: set + remove,
    ConditionExpression,
    ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: toItem(Object.fromEntries(present.map((name) => [`:${name}`, changes[name]]))),
  };
}
