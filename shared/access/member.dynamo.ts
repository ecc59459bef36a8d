import {
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { conditionalWrite, wins } from '../aws/conditional-write.ts';
import { fromItem, toItem } from '../aws/items.ts';
import { type Change, noted } from '../aws/noted.ts';
import { findOfWorkspace, listOfWorkspace, type WorkspaceRows } from '../aws/workspace-rows.ts';
import { type Member, type Members, member } from './member.ts';

const pkOf = (email: string) => `MEMBER#${email}`;
/** One row an address and project: what makes it unique. */
const keyOf = ({ email, workspace, project = '' }: Pick<Member, 'email' | 'workspace' | 'project'>) => ({
  pk: pkOf(email),
  sk: `${workspace}#${project}`,
});

const workspaceKeyOf = (workspace: string) => `${workspace}#member`;

/** Members in DynamoDB, found by their address. */
export class DynamoMembers implements Members {
  readonly #client: () => DynamoDBClient;
  readonly #table: string;

  constructor(client: () => DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async add(member: Member): Promise<boolean> {
    const row = new PutItemCommand({
      TableName: this.#table,
      Item: toItem({ ...keyOf(member), ...member, workspaceKey: workspaceKeyOf(member.workspace) }),
      ConditionExpression: 'attribute_not_exists(pk)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    const put = noted(row, noteOf(undefined, member));
    const written = await conditionalWrite(() => this.#client().send(put));
    // It may have been written before, and the answer was lost.
    return written.won || written.found[0]?.['id']?.S === member.id;
  }

  async change(seen: Member, changes: Partial<Pick<Member, 'name' | 'role'>>): Promise<Member | undefined> {
    const named = Object.entries(changes);
    if (named.length === 0) return seen;
    const next = { ...seen, ...changes };
    const update = new UpdateItemCommand({
      TableName: this.#table,
      Key: toItem(keyOf(seen)),
      UpdateExpression: `SET ${named.map(([field]) => `#${field} = :${field}`).join(', ')}`,
      ConditionExpression: 'id = :id',
      ExpressionAttributeNames: Object.fromEntries(named.map(([field]) => [`#${field}`, field])),
      ExpressionAttributeValues: toItem({ ':id': seen.id, ...Object.fromEntries(named.map(([field, to]) => [`:${field}`, to])) }),
    });
    const write = noted(update, noteOf(seen, next));
    return (await wins(() => this.#client().send(write))) ? next : undefined;
  }

  async remove(seen: Member): Promise<void> {
    const remove = new DeleteItemCommand({
      TableName: this.#table,
      Key: toItem(keyOf(seen)),
      ConditionExpression: 'id = :id',
      ExpressionAttributeValues: { ':id': { S: seen.id } },
    });
    // Who is gone already stays gone, and who has been added again meanwhile is somebody else.
    const write = noted(remove, noteOf(seen, undefined));
    await wins(() => this.#client().send(write));
  }

  find(workspace: string, id: string) {
    return findOfWorkspace(this.#of(workspace), id);
  }

  list(workspace: string, limit: number, token?: string) {
    return listOfWorkspace(this.#of(workspace), limit, token);
  }

  async withEmail(email: string): Promise<Member[]> {
    const query = new QueryCommand({
      TableName: this.#table,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: pkOf(email) } },
    });
    const { Items = [] } = await this.#client().send(query);
    return Items.map((item) => member.parse(fromItem(item)));
  }

  #of(workspace: string): WorkspaceRows<Member> {
    const workspaceKey = workspaceKeyOf(workspace);
    return { client: this.#client(), table: this.#table, workspaceKey, keyOf, parse: (row) => member.parse(row) };
  }
}

function noteOf(before: Member | undefined, after: Member | undefined): Change {
  const { id = '', email: name, project } = after ?? before ?? {};
  return { object: 'member', id, name, project, before, after };
}
