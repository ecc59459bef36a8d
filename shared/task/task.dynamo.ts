import { type DynamoDBClient, QueryCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import { wins } from '../aws/conditional-write.ts';
import { fromItem, type Item, toItem } from '../aws/items.ts';
import { noted } from '../aws/noted.ts';
import { patiently } from '../aws/patiently.ts';
import { getItems, getRow } from '../aws/rows.ts';
import { shardOf } from '../aws/shards.ts';
import { firstIdAt, lastIdAt, timeOf } from '../kernel/id.ts';
import { parseJson } from '../kernel/json.ts';
import { listName, readToken, writeToken } from '../kernel/list-token.ts';
import type { Page, PageOf } from '../kernel/page.ts';
import { type Task, task } from '../run/model/task.ts';
import { fits, type TaskChange, type TaskFilter, type TaskRow, type Tasks } from './task.ts';

const PREFIX = 'TASK#';
export const taskKey = (id: string) => ({ pk: PREFIX + id, sk: 'TASK' });

/** One key takes 1,000 writes a second: in so many parts 4,000 tasks are opened. */
const SHARDS = 4;

/** Rows that one page looks at, where a filter is rare. */
const MOST_READ = 2_000;
/** Of one partition at a time, when something is filtered out. */
const READ_AT_ONCE = 100;

/** Open tasks are few, and stand apart from all that were settled. */
const feedOf = (status: Task['status']) => (status === 'open' ? 'open' : 'settled');

function feedKeys({ id, workspace, project, workflowId, runId, group, status }: Task) {
  const key = (partition: string) => `${partition}#${feedOf(status)}#${shardOf(id, SHARDS)}`;
  return {
    workspaceKey: key(workspace),
    projectKey: key(`${workspace}#${project}`),
    workflowKey: key(workflowId),
    runKey: key(runId),
    groupKey: group === undefined ? undefined : key(`${workspace}#${group}`),
  };
}

/** What stands beside the text of the journal: people change it. */
const row = z.object({
  data: z.string().transform(parseJson).pipe(task),
  assignees: z.array(z.string()),
  snoozedUntil: z.string().optional(),
  mailedAt: z.string().optional(),
  mailError: z.string().optional(),
});

/** The task in a row. */
export function taskIn(item: object): TaskRow {
  const { data, ...changed } = row.parse(item);
  return { ...data, ...changed };
}

/** The rows whose mails are due stand in so many parts of their index. */
export const MAIL_SHARDS = Array.from({ length: SHARDS }, (_, shard) => `mail#${shard}`);

/** Mails are due from the moment that somebody is asked. */
const mailKeys = (id: string, at: string) => ({ mailKey: MAIL_SHARDS[shardOf(id, SHARDS)], mailAt: at });

/** Tasks in a table of their own. */
export class DynamoTasks implements Tasks {
  readonly #client: () => DynamoDBClient;
  readonly #table: () => string;

  constructor(client: () => DynamoDBClient, table: () => string) {
    this.#client = client;
    this.#table = table;
  }

  async project(given: Task): Promise<void> {
    const { groupKey, ...keys } = feedKeys(given);
    const values = {
      data: JSON.stringify(given),
      seen: given.seen,
      expires: given.expires,
      ...keys,
      ...(given.status === 'open' && given.assignees.length > 0 && mailKeys(given.id, given.openedAt)),
      ...(groupKey && { groupKey }),
    };
    const names = Object.keys(values);
    const update = new UpdateItemCommand({
      TableName: this.#table(),
      Key: toItem(taskKey(given.id)),
      UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(', ')}, assignees = if_not_exists(assignees, :assignees)${given.status === 'open' ? '' : ' REMOVE mailKey, mailAt'}`,
      ConditionExpression: 'attribute_not_exists(#seen) OR #seen < :seen',
      ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
      ExpressionAttributeValues: toItem({
        ...Object.fromEntries(Object.entries(values).map(([name, value]) => [`:${name}`, value])),
        ':assignees': given.assignees,
      }),
    });
    await wins(() => this.#client().send(update));
  }

  async get(id: string): Promise<TaskRow | undefined> {
    const found = await getRow(this.#client(), this.#table(), taskKey(id));
    return found && taskIn(found);
  }

  change(seen: TaskRow, { assignees, snoozedUntil }: TaskChange, now: Date): Promise<boolean> {
    // Who is asked now is told, and who was told before is not told again.
    const mails = assignees && assignees.length > 0 && mailKeys(seen.id, now.toISOString());
    const sets = [
      assignees && 'assignees = :assignees',
      snoozedUntil && 'snoozedUntil = :snoozedUntil',
      mails && 'mailKey = :mailKey, mailAt = :mailAt',
    ].filter(Boolean);
    const update = new UpdateItemCommand({
      TableName: this.#table(),
      Key: toItem(taskKey(seen.id)),
      UpdateExpression: [
        sets.length > 0 ? `SET ${sets.join(', ')}` : '',
        snoozedUntil === null ? 'REMOVE snoozedUntil' : '',
      ].join(' '),
      ConditionExpression: '#seen = :seen',
      ExpressionAttributeNames: { '#seen': 'seen' },
      ExpressionAttributeValues: toItem({
        ':seen': seen.seen,
        ':assignees': assignees,
        ':snoozedUntil': snoozedUntil ?? undefined,
        ':mailKey': mails ? mails.mailKey : undefined,
        ':mailAt': mails ? mails.mailAt : undefined,
      }),
    });
    const { id, title: name, project } = seen;
    const after = { ...seen, ...(assignees && { assignees }), snoozedUntil: snoozedUntil ?? undefined };
    const write = noted(update, { object: 'task', id, name, project, before: seen, after });
    return wins(() => this.#client().send(write));
  }

  async list(filter: TaskFilter, { limit, token }: PageOf): Promise<Page<TaskRow>> {
    const name = listName(['tasks', filter]);
    const first = firstIdAt(filter.from);
    const items: TaskRow[] = [];
    let before = readToken(name, token) ?? lastIdAt(filter.to);
    for (let looked = 0; ; ) {
      const { ids, isEnd, searched } = await this.#look(filter, { first, before }, limit);
      const rows = await this.#rows(ids);
      for (const [place, id] of ids.entries()) {
        const found = rows.get(id);
        if (found && fits(found, filter)) items.push(found);
        const isLast = isEnd && place === ids.length - 1;
        if (items.length === limit)
          return isLast ? { items, next: undefined } : { items, next: writeToken(name, id), searchedTo: timeOf(id) };
      }
      if (isEnd) return { items, next: undefined };
      before = searched;
      looked += ids.length;
      if (looked >= MOST_READ) return { items, next: writeToken(name, before), searchedTo: timeOf(before) };
    }
  }

  /** The next ids of every partition, newest first, as far as all of them have been read. */
  async #look(filter: TaskFilter, { first, before }: { first: string; before: string }, limit: number) {
    if (first >= before) return { ids: [], isEnd: true, searched: first };
    const size = Math.max(READ_AT_ONCE, limit + 1);
    const parts = await Promise.all(partitionsOf(filter).map((partition) => this.#read(partition, { first, before }, size)));
    const open = parts.flatMap(({ LastEvaluatedKey }) => taskIdIn(LastEvaluatedKey) ?? []);
    const searched = open.toSorted().at(-1) ?? first;
    const ids = parts
      .flatMap(({ Items = [] }) => Items.flatMap((item) => taskIdIn(item) ?? []))
      // Bounds are inclusive: what a page has ended with comes again.
      .filter((id) => id < before && id >= searched)
      .toSorted()
      .toReversed();
    return { ids, isEnd: open.length === 0, searched };
  }

  #read({ index, attribute, value }: Partition, { first, before }: { first: string; before: string }, size: number) {
    const query = new QueryCommand({
      TableName: this.#table(),
      IndexName: index,
      KeyConditionExpression: '#key = :key AND pk BETWEEN :first AND :before',
      ExpressionAttributeNames: { '#key': attribute },
      ExpressionAttributeValues: toItem({ ':key': value, ':first': PREFIX + first, ':before': PREFIX + before }),
      ScanIndexForward: false,
      Limit: size,
    });
    return patiently(() => this.#client().send(query));
  }

  async #rows(ids: string[]): Promise<Map<string, TaskRow>> {
    const items = await getItems(
      this.#client(),
      this.#table(),
      ids.map((id) => toItem(taskKey(id))),
    );
    return new Map(items.map((item) => taskIn(fromItem(item))).map((found) => [found.id, found]));
  }
}

interface Partition {
  index: string;
  attribute: string;
  value: string;
}

/** The id in the keys of a row. */
export const taskIdIn = (item: Item | undefined) => item?.['pk']?.S?.slice(PREFIX.length);

/** The narrowest feeds that have all of it. */
function partitionsOf({ workspace, project, workflowId, runId, group, status }: TaskFilter): Partition[] {
  const [feed, partition] =
    runId !== undefined
      ? ['run', runId]
      : group !== undefined
        ? ['group', `${workspace}#${group}`]
        : workflowId !== undefined
          ? ['workflow', workflowId]
          : project !== undefined
            ? ['project', `${workspace}#${project}`]
            : ['workspace', workspace];
  const feeds = status === undefined ? ['open', 'settled'] : [feedOf(status)];
  return feeds.flatMap((which) =>
    Array.from({ length: SHARDS }, (_, shard) => ({
      index: `by-${feed}`,
      attribute: `${feed}Key`,
      value: `${partition}#${which}#${shard}`,
    })),
  );
}
