import { createHash } from 'node:crypto';
import { type DynamoDBClient, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { wins } from '../../aws/conditional-write.ts';
import { expiresIn, fromItem, fromText, toItem } from '../../aws/items.ts';
import { type Change, noted } from '../../aws/noted.ts';
import { getRow, listKeys, listRows } from '../../aws/rows.ts';
import { listName, readToken, writeToken } from '../../kernel/list-token.ts';
import type { PageOf } from '../../kernel/page.ts';
import type { ScheduleOwner, Schedules } from './ports.ts';
import { type FireOutcome, type LedgerFire, ledgerFire, type Schedule, schedule } from './schedule.ts';

const storedSchedule = schedule.extend({ inputs: fromText.pipe(schedule.shape.inputs) });

const scheduleKey = (id: string) => ({ pk: `SCHEDULE#${id}`, sk: 'SCHEDULE' });
const fireKeyOf = (id: string, nominal: string, trigger?: string) => ({
  pk: `SCHEDULE#${id}`,
  sk: `FIRE#${nominal}${trigger === undefined ? '' : `#${trigger}`}`,
});

/** Where a ledger goes on, as letters and digits: the nominal time in milliseconds, and the trigger of a fire by hand. */
const placeOf = (sk: string) => {
  const [, nominal = '', trigger = ''] = sk.split('#');
  return `${Date.parse(nominal)}${trigger}`;
};
const MS_DIGITS = 13;
const keyAt = (id: string, place: string) =>
  fireKeyOf(id, new Date(Number(place.slice(0, MS_DIGITS))).toISOString(), place.slice(MS_DIGITS) || undefined);

/** Schedules that fire at the same minute are written at the same moment: the index of what is due has so many partitions. */
const DUE_BUCKETS = 8;
const dueKeyOf = (id: string) => `schedule#${(createHash('sha256').update(id).digest()[0] ?? 0) % DUE_BUCKETS}`;

/** Rows read for one page of a filtered ledger at the most. */
const FILTERED_READ = 400;

/** Schedules and their ledger in the table of triggers. */
export class DynamoSchedules implements Schedules {
  readonly #client: () => DynamoDBClient;
  readonly #settings: { table: string; retentionDays: number };

  constructor(client: () => DynamoDBClient, settings: { table: string; retentionDays: number }) {
    this.#client = client;
    this.#settings = settings;
  }

  async create(row: Schedule): Promise<void> {
    await this.#put(this.#scheduleItem(row), 'attribute_not_exists(pk)', {}, noteOf(undefined, row));
  }

  async get(id: string): Promise<Schedule | undefined> {
    const row = await getRow(this.#client(), this.#settings.table, scheduleKey(id));
    return row && storedSchedule.parse(row);
  }

  replace(seen: Schedule, next: Schedule): Promise<boolean> {
    const row = { ...next, revision: seen.revision + 1 };
    return this.#put(this.#scheduleItem(row), 'revision = :seen', { ':seen': seen.revision }, noteOf(seen, next));
  }

  list({ workspace, project, workflowId }: ScheduleOwner, page: PageOf) {
    const list = {
      kind: 'schedule',
      workspace,
      workflowId,
      filter: { project },
      keyOf: (id: string) => toItem(scheduleKey(id)),
      parse: storedSchedule.parse,
    };
    return listRows(this.#client(), this.#settings.table, list, page);
  }

  async due(now: string, limit: number): Promise<string[]> {
    const buckets = await Promise.all(
      Array.from({ length: DUE_BUCKETS }, (_, bucket) => this.#dueIn(`schedule#${bucket}`, now, Math.ceil(limit / DUE_BUCKETS))),
    );
    return buckets.flat();
  }

  async #dueIn(bucket: string, now: string, limit: number): Promise<string[]> {
    const { Items = [] } = await this.#client().send(
      new QueryCommand({
        TableName: this.#settings.table,
        IndexName: 'by-due',
        KeyConditionExpression: 'dueKey = :bucket AND dueAt <= :now',
        ExpressionAttributeValues: toItem({ ':bucket': bucket, ':now': now }),
        Limit: limit,
      }),
    );
    return Items.flatMap(({ pk }) => (pk?.S ? [pk.S.slice('SCHEDULE#'.length)] : []));
  }

  async claim(fire: LedgerFire): Promise<LedgerFire> {
    if (await this.#put(this.#fireItem(fire), 'attribute_not_exists(pk)', {})) return fire;
    return (await this.fire(fire.scheduleId, fire.nominal, fire.trigger)) ?? fire;
  }

  async amend(seen: LedgerFire, next: LedgerFire): Promise<LedgerFire> {
    const unchanged = { ':outcome': seen.outcome, ':attempt': seen.attempt };
    if (await this.#put(this.#fireItem(next), 'outcome = :outcome AND attempt = :attempt', unchanged)) return next;
    return (await this.fire(seen.scheduleId, seen.nominal, seen.trigger)) ?? next;
  }

  async fire(id: string, nominal: string, trigger?: string): Promise<LedgerFire | undefined> {
    const row = await getRow(this.#client(), this.#settings.table, fireKeyOf(id, nominal, trigger));
    return row && ledgerFire.parse(row);
  }

  async fires(id: string, { outcome }: { outcome?: FireOutcome | undefined }, { limit, token }: PageOf) {
    const name = listName(['fires', id, outcome ?? '']);
    const last = readToken(name, token);
    const { Items = [], LastEvaluatedKey } = await this.#client().send(
      new QueryCommand({
        TableName: this.#settings.table,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :fire)',
        ...(outcome !== undefined && { FilterExpression: 'outcome = :outcome' }),
        ExpressionAttributeValues: toItem({ ':pk': `SCHEDULE#${id}`, ':fire': 'FIRE#', ':outcome': outcome }),
        ScanIndexForward: false,
        Limit: outcome === undefined ? limit : Math.max(limit, FILTERED_READ),
        ExclusiveStartKey: last === undefined ? undefined : toItem(keyAt(id, last)),
      }),
    );
    const items = Items.slice(0, limit).map((item) => ledgerFire.parse(fromItem(item)));
    const behind = (Items.length > limit ? Items[limit - 1] : LastEvaluatedKey)?.['sk']?.S;
    return { items, next: behind === undefined ? undefined : writeToken(name, placeOf(behind)) };
  }

  #scheduleItem(row: Schedule) {
    const lists = row.deletedAt === undefined ? listKeys('schedule', row) : { expires: this.#expires(row.deletedAt) };
    const due = row.dueAt === undefined ? {} : { dueKey: dueKeyOf(row.id) };
    return toItem({ ...scheduleKey(row.id), ...row, inputs: JSON.stringify(row.inputs), ...lists, ...due });
  }

  #fireItem(fire: LedgerFire) {
    return toItem({ ...fireKeyOf(fire.scheduleId, fire.nominal, fire.trigger), ...fire, expires: this.#expires(fire.at) });
  }

  #expires(from: string): number {
    return expiresIn(this.#settings.retentionDays, new Date(from));
  }

  /** False when the condition does not hold. */
  #put(
    Item: ReturnType<typeof toItem>,
    ConditionExpression: string,
    values: Record<string, unknown>,
    change?: Change,
  ): Promise<boolean> {
    const ExpressionAttributeValues = Object.keys(values).length > 0 ? toItem(values) : undefined;
    const put = new PutItemCommand({ TableName: this.#settings.table, Item, ConditionExpression, ExpressionAttributeValues });
    const write = change ? noted(put, change) : put;
    return wins(() => this.#client().send(write));
  }
}

const noteOf = (before: Schedule | undefined, after: Schedule): Change => ({
  object: 'schedule',
  id: after.id,
  name: after.name,
  project: after.project,
  before,
  after,
});
