import {
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { wins } from '../../aws/conditional-write.ts';
import { fromItem, type Item, toItem } from '../../aws/items.ts';
import { type Change, noted } from '../../aws/noted.ts';
import { patiently } from '../../aws/patiently.ts';
import { getRow } from '../../aws/rows.ts';
import { listName, readToken, writeToken } from '../../kernel/list-token.ts';
import type { Page, PageOf } from '../../kernel/page.ts';
import { runPk } from '../store/run-items.dynamo.ts';
import { type Comment, type CommentedRun, type Comments, comment } from './comment.ts';

/** Before the journal, so that whoever loads a run reads none of it. */
const PREFIX = 'COMMENT#';
const keyOf = (runId: string, id: string) => ({ pk: runPk(runId), sk: PREFIX + id });

/** Comments in the partition of their run. */
export class DynamoComments implements Comments {
  readonly #client: () => DynamoDBClient;
  readonly #table: string;

  constructor(client: () => DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async add(run: CommentedRun, comment: Comment, until: number): Promise<void> {
    const Item = toItem({ ...keyOf(comment.runId, comment.id), ...comment, expires: until });
    const put = noted(new PutItemCommand({ TableName: this.#table, Item }), noteOf(run, undefined, comment));
    await patiently(() => this.#client().send(put));
  }

  async get(runId: string, id: string): Promise<Comment | undefined> {
    const row = await getRow(this.#client(), this.#table, keyOf(runId, id));
    return row && comment.parse(row);
  }

  change(run: CommentedRun, seen: Comment, next: Comment): Promise<boolean> {
    const { runId, id, text, editedAt } = next;
    const update = new UpdateItemCommand({
      TableName: this.#table,
      Key: toItem(keyOf(runId, id)),
      UpdateExpression: 'SET #text = :text, editedAt = :editedAt',
      ConditionExpression: 'attribute_exists(pk)',
      ExpressionAttributeNames: { '#text': 'text' },
      ExpressionAttributeValues: toItem({ ':text': text, ':editedAt': editedAt }),
    });
    const write = noted(update, noteOf(run, seen, next));
    return wins(() => this.#client().send(write));
  }

  async remove(run: CommentedRun, seen: Comment): Promise<void> {
    const remove = new DeleteItemCommand({ TableName: this.#table, Key: toItem(keyOf(seen.runId, seen.id)) });
    const write = noted(remove, noteOf(run, seen, undefined));
    await patiently(() => this.#client().send(write));
  }

  async list(runId: string, { limit, token }: PageOf): Promise<Page<Comment>> {
    const name = listName(['comments', runId]);
    const last = readToken(name, token);
    const query = new QueryCommand({
      TableName: this.#table,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
      ExpressionAttributeValues: toItem({ ':pk': runPk(runId), ':prefix': PREFIX }),
      ScanIndexForward: false,
      Limit: limit,
      ExclusiveStartKey: last === undefined ? undefined : toItem(keyOf(runId, last)),
    });
    const { Items = [], LastEvaluatedKey } = await patiently(() => this.#client().send(query));
    const items = Items.map((item) => comment.parse(fromItem(item)));
    const behind = LastEvaluatedKey && items.at(-1)?.id;
    return { items, next: behind === undefined ? undefined : writeToken(name, behind) };
  }

  async count(runId: string): Promise<number> {
    let count = 0;
    for (let last: Item | undefined, more = true; more; more = last !== undefined) {
      const query = new QueryCommand({
        TableName: this.#table,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: toItem({ ':pk': runPk(runId), ':prefix': PREFIX }),
        Select: 'COUNT',
        ExclusiveStartKey: last,
      });
      const { Count = 0, LastEvaluatedKey } = await patiently(() => this.#client().send(query));
      count += Count;
      last = LastEvaluatedKey;
    }
    return count;
  }
}

/** What is said of a run is a change of the run. */
function noteOf({ id, name, project }: CommentedRun, before: Comment | undefined, after: Comment | undefined): Change {
  const shown = (one: Comment) => ({ comment: one.id, text: one.text });
  return { object: 'run', id, name, project, before: before && shown(before), after: after && shown(after) };
}
