import {
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { wins } from '../aws/conditional-write.ts';
import { expiresIn, type Item, toItem } from '../aws/items.ts';
import { noted } from '../aws/noted.ts';
import { patiently } from '../aws/patiently.ts';
import { getRow, listKeys, listRows } from '../aws/rows.ts';
import { FOREVER } from '../kernel/hold.ts';
import type { PageOf } from '../kernel/page.ts';
import { type FileRow, type FileRows, fileRow, HELD, type HeldPlace, type UploadedFile } from './file.ts';

const FILE = 'FILE#';
const fileKey = (id: string) => ({ pk: FILE + id, sk: 'FILE' });
const idOf = (pk: string) => pk.slice(FILE.length);

const NOWHERE_ELSE = 'attribute_not_exists(keptBy)';
/** What a test keeps stays as long as that. */
const NOT_OF_A_TEST = '(attribute_not_exists(keptBy) OR begins_with(keptBy, :hold))';

/** What is announced and never comes is forgotten soon. */
const ANNOUNCED_DAYS = 1;

/** Rows of files in a table of their own. */
export class DynamoFiles implements FileRows {
  readonly #client: () => DynamoDBClient;
  readonly #settings: { table: string; retentionDays: number };

  constructor(client: () => DynamoDBClient, settings: { table: string; retentionDays: number }) {
    this.#client = client;
    this.#settings = settings;
  }

  async put(row: FileRow): Promise<void> {
    const put = new PutItemCommand({ TableName: this.#settings.table, Item: this.#itemOf(row) });
    const { id, name, project } = row;
    await this.#client().send(noted(put, { object: 'file', id, name, project, after: row }));
  }

  async see(row: UploadedFile): Promise<FileRow | undefined> {
    const put = new PutItemCommand({
      TableName: this.#settings.table,
      Item: this.#itemOf(row),
      ConditionExpression: 'attribute_exists(pk) AND attribute_not_exists(uploadedAt)',
    });
    return (await wins(() => this.#client().send(put))) ? row : this.get(row.id);
  }

  async get(id: string): Promise<FileRow | undefined> {
    const row = await getRow(this.#client(), this.#settings.table, fileKey(id));
    return row && fileRow.parse(row);
  }

  async hold(id: string, runId: string, at: Date, etag?: string): Promise<void> {
    await this.#client().send(
      new UpdateItemCommand({
        TableName: this.#settings.table,
        Key: toItem(fileKey(id)),
        UpdateExpression: `SET runId = if_not_exists(runId, :run), expires = if_not_exists(heldUntil, :expires)${etag === undefined ? '' : ', etag = :etag'}`,
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeValues: toItem({
          ':run': runId,
          ':expires': expiresIn(this.#settings.retentionDays, at),
          ':etag': etag,
        }),
      }),
    );
  }

  async madeBy(runId: string): Promise<string[]> {
    const ids: string[] = [];
    for (let last: Item | undefined, more = true; more; more = last !== undefined) {
      const query = new QueryCommand({
        TableName: this.#settings.table,
        IndexName: 'by-run',
        KeyConditionExpression: 'madeBy = :run',
        ExpressionAttributeValues: toItem({ ':run': runId }),
        ExclusiveStartKey: last,
      });
      const { Items = [], LastEvaluatedKey } = await patiently(() => this.#client().send(query));
      ids.push(...Items.flatMap(({ pk }) => (pk?.S === undefined ? [] : [idOf(pk.S)])));
      last = LastEvaluatedKey;
    }
    return ids;
  }

  placeHold(id: string, runId: string, place?: HeldPlace): Promise<boolean> {
    const update = new UpdateItemCommand({
      TableName: this.#settings.table,
      Key: toItem(fileKey(id)),
      UpdateExpression: `ADD heldBy :run SET heldUntil = :forever, expires = :forever${place ? ', keptBy = :place, etag = :etag' : ''}`,
      ConditionExpression: `attribute_exists(pk) AND ${place ? NOWHERE_ELSE : NOT_OF_A_TEST}`,
      ExpressionAttributeValues: {
        ...toItem({ ':forever': FOREVER, ...(place ? { ':place': place.keptBy, ':etag': place.etag } : { ':hold': HELD }) }),
        ':run': { SS: [runId] },
      },
    });
    return wins(() => this.#client().send(update));
  }

  async liftHold(id: string, runId: string): Promise<FileRow | undefined> {
    const update = new UpdateItemCommand({
      TableName: this.#settings.table,
      Key: toItem(fileKey(id)),
      UpdateExpression: 'DELETE heldBy :run',
      ConditionExpression: `attribute_exists(pk) AND ${NOT_OF_A_TEST}`,
      ExpressionAttributeValues: { ...toItem({ ':hold': HELD }), ':run': { SS: [runId] } },
    });
    if (!(await wins(() => this.#client().send(update)))) return undefined;
    const row = await getRow(this.#client(), this.#settings.table, fileKey(id));
    return row && row['heldBy'] === undefined ? fileRow.parse(row) : undefined;
  }

  endHold({ id, keptBy }: FileRow, now: Date, etag: string | undefined): Promise<boolean> {
    const update = new UpdateItemCommand({
      TableName: this.#settings.table,
      Key: toItem(fileKey(id)),
      UpdateExpression: `SET expires = :until${etag === undefined ? '' : ', etag = :etag'} REMOVE heldUntil, keptBy`,
      ConditionExpression: `attribute_exists(pk) AND attribute_not_exists(heldBy) AND ${keptBy === undefined ? NOWHERE_ELSE : 'keptBy = :place'}`,
      ExpressionAttributeValues: toItem({
        ':until': expiresIn(this.#settings.retentionDays, now),
        ':etag': etag,
        ':place': keptBy,
      }),
    });
    return wins(() => this.#client().send(update));
  }

  remove(row: FileRow): Promise<boolean> {
    const { id, name, project } = row;
    const remove = new DeleteItemCommand({
      TableName: this.#settings.table,
      Key: toItem(fileKey(id)),
      ConditionExpression: 'attribute_not_exists(runId)',
    });
    const write = noted(remove, { object: 'file', id, name, project, before: row });
    return wins(() => this.#client().send(write));
  }

  list({ workspace, project }: { workspace: string; project?: string | undefined }, page: PageOf) {
    const list = {
      kind: 'file',
      workspace,
      filter: { project },
      keyOf: (id: string) => toItem(fileKey(id)),
      parse: fileRow.parse,
    };
    return listRows(this.#client(), this.#settings.table, list, page);
  }

  async keep(copy: UploadedFile): Promise<void> {
    // Whoever starts a run with it gives it no end.
    const Item = toItem({ ...fileKey(copy.id), ...copy, heldUntil: FOREVER });
    await this.#client().send(new PutItemCommand({ TableName: this.#settings.table, Item }));
  }

  async drop(id: string): Promise<void> {
    await this.#client().send(new DeleteItemCommand({ TableName: this.#settings.table, Key: toItem(fileKey(id)) }));
  }

  #itemOf(row: FileRow) {
    const [days, since] =
      row.uploadedAt === undefined ? [ANNOUNCED_DAYS, row.createdAt] : [this.#settings.retentionDays, row.uploadedAt];
    // One that is of a run from the beginning was made by it.
    return toItem({
      ...fileKey(row.id),
      ...row,
      ...listKeys('file', row),
      madeBy: row.runId,
      expires: expiresIn(days, new Date(since)),
    });
  }
}
