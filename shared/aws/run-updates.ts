import type { UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import { type Projection, projection, type Run } from '../run/model/run.ts';
import { isTerminal } from '../run/model/status.ts';
import { toItem } from './items.ts';
import { asStored, stateKeyOf } from './run-items.ts';

/** A conditional update of a row: what is undefined is removed. */
export type RowUpdate = Pick<
  UpdateItemCommandInput,
  'UpdateExpression' | 'ConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
>;

const PROJECTED = projection.keyof().options;

/**
 * The row may go forward only. All of the projection is written, since it may take the place of another one than the writer has seen; a row that has
 * ended takes the same end once more and nothing else.
 */
const NOT_BEYOND = '#seen <= :seen AND (attribute_not_exists(#endedAt) OR (#seen = :seen AND #status = :status))';

/** What follows from the journal. A snapshot is never taken back. */
export function projected(
  run: Run,
  next: Projection,
  { dueAt, keptUntil }: { dueAt?: string | undefined; keptUntil?: number | undefined },
  now: Date,
): RowUpdate {
  const { snapshot, ...rest } = Object.fromEntries(PROJECTED.map((name) => [name, next[name]]));
  const changes = {
    ...asStored(rest),
    ...(snapshot !== undefined && { snapshot }),
    stateKey: stateKeyOf(run, next.status, now, dueAt),
    ...(isTerminal(next.status)
      ? { liveKey: undefined, dueAt: undefined, ...(keptUntil !== undefined && { expires: keptUntil }) }
      : dueAt !== undefined && { dueAt }),
  };
  return updateOf(changes, NOT_BEYOND);
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
