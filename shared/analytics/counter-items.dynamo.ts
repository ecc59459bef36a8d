import type { UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { expiresIn, fromItem, type Item, toItem } from '../aws/items.ts';
import { type Contribution, counts } from './contribution.ts';
import type { CounterName, CounterRow } from './counter-rows.ts';
import type { CounterQuery, ReadRow } from './counters.ts';

/** In so many parts the rows of a day are kept: a key takes 1,000 write units a second. */
export const SLOTS = 8;
/** As long as somebody compares a month with that of the year before. */
const KEPT_DAYS = 400;

const LETTERS = { project: 'P', workflow: 'W', steps: 'S', failure: 'F' } as const;
const SEEN = 'SEEN';

const dayOf = (hour: string) => hour.slice(0, 'YYYY-MM-DD'.length);
const clockOf = (hour: string) => hour.slice('YYYY-MM-DDT'.length);

export const dayKey = (workspace: string, day: string, slot: number) => `${workspace}#${day}#${slot}`;

function sortKeyOf(name: CounterName): string {
  const [letter, clock] = [LETTERS[name.of], clockOf(name.hour)];
  switch (name.of) {
    case 'project':
      return [letter, name.project, clock].join('#');
    case 'workflow':
      return [letter, name.project, name.workflowId, clock].join('#');
    case 'steps':
      return [letter, name.project, name.workflowId, clock, name.part].join('#');
    case 'failure':
      return [letter, name.project, name.workflowId, clock, name.fingerprint].join('#');
  }
}

/** The beginning of the sort key of every row of a query, in each of its days. */
export const prefixOf = ({ of, project, workflowId }: CounterQuery) =>
  `${[LETTERS[of], project, project === undefined ? undefined : workflowId].filter((part) => part !== undefined).join('#')}#`;

const RUN = 'RUN#';
/** The row that says what a run has been counted as. */
export const countedKey = (runId: string) => ({ pk: RUN + runId, sk: 'COUNTED' });
export const countedItem = (contribution: Contribution, expires: number): Item =>
  toItem({ ...countedKey(contribution.runId), contribution: JSON.stringify(contribution), expires });

type Update = Pick<UpdateItemCommandInput, 'Key' | 'ConditionExpression'> &
  Required<Pick<UpdateItemCommandInput, 'UpdateExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'>>;

/** Adds the numbers to the row, whatever others add to it. */
export function addition(workspace: string, { name, counts }: CounterRow, slot: number): Update {
  const numbers = Object.entries(counts);
  return {
    Key: toItem({ pk: dayKey(workspace, dayOf(name.hour), slot), sk: sortKeyOf(name) }),
    UpdateExpression: `ADD ${numbers.map((_, at) => `#${at} :${at}`).join(', ')} SET #expires = :expires`,
    ExpressionAttributeNames: {
      '#expires': 'expires',
      ...Object.fromEntries(numbers.map(([number], at) => [`#${at}`, number])),
    },
    ExpressionAttributeValues: toItem({
      ':expires': expiryOf(name.hour),
      ...Object.fromEntries(numbers.map(([, count], at) => [`:${at}`, count])),
    }),
  };
}

const expiryOf = (hour: string) => expiresIn(KEPT_DAYS, new Date(`${hour}:00:00.000Z`));

/** What is known of a failure beside its count: writes that may come twice and in any order, and come to the same. */
export function sightings({ workspace, project, workflowId, runId, failure }: Contribution): Update[] {
  if (!failure) return [];
  const { fingerprint, hour, at, step, name, message } = failure;
  const sk = `${sortKeyOf({ of: 'failure', project, workflowId, hour, fingerprint })}#${SEEN}`;
  const Key = toItem({ pk: dayKey(workspace, dayOf(hour), 0), sk });
  const says = { ...(step !== undefined && { step }), name, message, runId, expires: expiryOf(hour) };
  return [
    setWhen(Key, { first: at, ...says }, 'attribute_not_exists(#first) OR #first > :first', ['first', 'expires']),
    setWhen(Key, { last: at, ...says }, 'attribute_not_exists(#last) OR #last < :last OR (#last = :last AND #runId < :runId)'),
  ];
}

function setWhen(Key: Item, fields: Record<string, unknown>, ConditionExpression: string, only = Object.keys(fields)): Update {
  return {
    Key,
    ConditionExpression,
    UpdateExpression: `SET ${only.map((field) => `#${field} = :${field}`).join(', ')}`,
    ExpressionAttributeNames: Object.fromEntries(only.map((field) => [`#${field}`, field])),
    ExpressionAttributeValues: toItem(Object.fromEntries(only.map((field) => [`:${field}`, fields[field]]))),
  };
}

const seen = z.object({
  first: z.string().optional(),
  last: z.string().optional(),
  runId: z.string().optional(),
  step: z.string().optional(),
  name: z.string().optional(),
  message: z.string().optional(),
});

/** A row as it was written. */
export function parseRow(item: Item): ReadRow {
  const { pk, sk, expires: _, ...fields } = fromItem(item);
  const [letter = '', project = '', ...rest] = String(sk).split('#');
  const day = String(pk).split('#')[1] ?? '';
  const at = (clock: string | undefined) => `${day}T${clock ?? ''}`;
  const [workflowId = '', clock, last = '', mark] = rest;
  switch (letter) {
    case LETTERS.project:
      return { name: { of: 'project', project, hour: at(rest[0]) }, counts: counts.parse(fields) };
    case LETTERS.workflow:
      return { name: { of: 'workflow', project, workflowId, hour: at(clock) }, counts: counts.parse(fields) };
    case LETTERS.steps:
      return { name: { of: 'steps', project, workflowId, hour: at(clock), part: Number(last) }, counts: counts.parse(fields) };
    case LETTERS.failure: {
      const name = { of: 'failure', project, workflowId, hour: at(clock), fingerprint: last } as const;
      return mark === SEEN ? { name, counts: {}, seen: seen.parse(fields) } : { name, counts: counts.parse(fields) };
    }
    default:
      throw new Error(`A row of counters is called ${sk}.`);
  }
}

const countedRow = z.object({ pk: z.string(), contribution: z.string() });

/** The run that a row is about, and what it has been counted as, word for word. */
export function countedAs(item: Item): [string, string] {
  const { pk, contribution } = countedRow.parse(fromItem(item));
  return [pk.slice(RUN.length), contribution];
}
