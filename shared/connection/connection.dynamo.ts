import {
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { conditionalWrite, wins } from '../aws/conditional-write.ts';
import { fromItem, toItem } from '../aws/items.ts';
import { type Change, noted } from '../aws/noted.ts';
import { getRow } from '../aws/rows.ts';
import { findOfWorkspace, listOfWorkspace, type WorkspaceRows } from '../aws/workspace-rows.ts';
import type { Circuit } from './circuit.ts';
import { type Connection, type ConnectionStatus, type Connections, connection } from './connection.ts';
import { breakerOf } from './limits.ts';

/** One row a name and project: what makes it unique, and what the worker finds it by. */
const connectionKey = ({ workspace, project, name }: Pick<Connection, 'workspace' | 'project' | 'name'>) => ({
  pk: `CONNECTIONS#${workspace}#${project}`,
  sk: name,
});

const SAME_CIRCUIT = 'id = :id AND circuit.openedAt = :openedAt';
const SAME_TOKENS = 'id = :id AND tokens.access = :access';

/** Connections in DynamoDB. */
export class DynamoConnections implements Connections {
  readonly #client: () => DynamoDBClient;
  readonly #table: string;

  constructor(client: () => DynamoDBClient, table: string) {
    this.#client = client;
    this.#table = table;
  }

  async create(row: Connection): Promise<boolean> {
    const put = new PutItemCommand({
      TableName: this.#table,
      Item: itemOf(row),
      ConditionExpression: 'attribute_not_exists(pk)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    const write = noted(put, noteOf(undefined, row));
    const written = await conditionalWrite(() => this.#client().send(write));
    // It may have been written before, and the answer was lost.
    return written.won || written.found[0]?.['id']?.S === row.id;
  }

  find(workspace: string, id: string) {
    return findOfWorkspace(this.#of(workspace), id);
  }

  async byName(workspace: string, project: string, name: string): Promise<Connection | undefined> {
    const row = await getRow(this.#client(), this.#table, connectionKey({ workspace, project, name }));
    return row && connection.parse(row);
  }

  replace(seen: Connection, next: Connection): Promise<boolean> {
    const put = new PutItemCommand({
      TableName: this.#table,
      Item: itemOf(next),
      ConditionExpression: 'id = :id AND updatedAt = :seen',
      ExpressionAttributeValues: { ':id': { S: seen.id }, ':seen': { S: seen.updatedAt } },
    });
    const write = noted(put, noteOf(seen, next));
    return wins(() => this.#client().send(write));
  }

  async report(seen: Connection, status: ConnectionStatus): Promise<void> {
    const update = new UpdateItemCommand({
      TableName: this.#table,
      Key: toItem(connectionKey(seen)),
      UpdateExpression: 'SET #status = :status',
      ConditionExpression: 'id = :id AND updatedAt = :seen',
      ExpressionAttributeNames: { '#status': 'status' },
      ExpressionAttributeValues: toItem({ ':id': seen.id, ':seen': seen.updatedAt, ':status': status }),
    });
    const write = noted(update, noteOf(seen, { ...seen, status }));
    await wins(() => this.#client().send(write));
  }

  takeRenewal(seen: Connection, now: string, until: string): Promise<boolean> {
    return this.#update(seen, {
      UpdateExpression: 'SET renewingUntil = :until',
      ConditionExpression: `${SAME_TOKENS} AND (attribute_not_exists(renewingUntil) OR renewingUntil < :now)`,
      ExpressionAttributeValues: toItem({ ':until': until, ':now': now }),
    });
  }

  async giveUpRenewal(seen: Connection): Promise<void> {
    await this.#update(seen, { UpdateExpression: 'REMOVE renewingUntil', ConditionExpression: SAME_TOKENS });
  }

  keepTokens(seen: Connection, next: Connection): Promise<boolean> {
    const { tokens, status, updatedAt } = next;
    return this.#update(
      seen,
      {
        UpdateExpression: 'SET tokens = :tokens, #status = :status, updatedAt = :at REMOVE renewingUntil',
        ConditionExpression: seen.tokens ? SAME_TOKENS : 'id = :id AND attribute_not_exists(tokens)',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: toItem({ ':tokens': tokens, ':status': status, ':at': updatedAt }),
      },
      next,
    );
  }

  #update(seen: Connection, input: Omit<UpdateItemCommandInput, 'TableName' | 'Key'>, next?: Connection): Promise<boolean> {
    const { id, tokens } = seen;
    const update = new UpdateItemCommand({
      TableName: this.#table,
      Key: toItem(connectionKey(seen)),
      ...input,
      ExpressionAttributeValues: {
        ...toItem({ ':id': id, ...(input.ConditionExpression?.includes(':access') && { ':access': tokens?.access }) }),
        ...input.ExpressionAttributeValues,
      },
    });
    const write = next ? noted(update, noteOf(seen, next)) : update;
    return wins(() => this.#client().send(write));
  }

  async callFailed(seen: Connection, reason: string, now: Date): Promise<Circuit | undefined> {
    const count = new UpdateItemCommand({
      TableName: this.#table,
      Key: toItem(connectionKey(seen)),
      UpdateExpression: 'ADD failures :one',
      ConditionExpression: 'id = :id',
      ExpressionAttributeValues: toItem({ ':id': seen.id, ':one': 1 }),
      ReturnValues: 'ALL_NEW',
    });
    let counted: Connection | undefined;
    await wins(async () => {
      const { Attributes = {} } = await this.#client().send(count);
      counted = connection.parse(fromItem(Attributes));
    });
    const { failures: most, pauseMs } = breakerOf(counted?.limits);
    if (!counted || most === 0) return undefined;
    if (counted.circuit) return counted.circuit;
    if ((counted.failures ?? 0) < most) return undefined;
    const opened = {
      openedAt: now.toISOString(),
      tryAt: new Date(now.getTime() + pauseMs).toISOString(),
      reason: reason.slice(0, 500),
    };
    await this.#update(seen, {
      UpdateExpression: 'SET circuit = :circuit',
      ConditionExpression: 'id = :id AND attribute_not_exists(circuit)',
      ExpressionAttributeValues: toItem({ ':circuit': opened }),
    });
    return opened;
  }

  async callAnswered(seen: Connection): Promise<void> {
    await this.#update(seen, {
      UpdateExpression: 'REMOVE failures, circuit',
      ConditionExpression: `id = :id AND (attribute_not_exists(circuit)${seen.circuit ? ' OR circuit.openedAt = :openedAt' : ''})`,
      ExpressionAttributeValues: toItem({ ':openedAt': seen.circuit?.openedAt }),
    });
  }

  takeTry(seen: Connection, now: Date): Promise<boolean> {
    const tryAt = new Date(now.getTime() + breakerOf(seen.limits).pauseMs).toISOString();
    return this.#update(seen, {
      UpdateExpression: 'SET circuit.tryAt = :next',
      ConditionExpression: 'id = :id AND circuit.tryAt = :seen',
      ExpressionAttributeValues: toItem({ ':next': tryAt, ':seen': seen.circuit?.tryAt }),
    });
  }

  async closeCircuit(seen: Connection): Promise<void> {
    await this.#update(seen, {
      UpdateExpression: 'REMOVE circuit SET failures = :almost',
      ConditionExpression: SAME_CIRCUIT,
      ExpressionAttributeValues: toItem({
        ':openedAt': seen.circuit?.openedAt,
        ':almost': Math.max(0, breakerOf(seen.limits).failures - 1),
      }),
    });
  }

  async remove(seen: Connection): Promise<void> {
    const remove = new DeleteItemCommand({
      TableName: this.#table,
      Key: toItem(connectionKey(seen)),
      ConditionExpression: 'id = :id',
      ExpressionAttributeValues: { ':id': { S: seen.id } },
    });
    // One that is gone stays gone, and one that has been made again under its name is another.
    const write = noted(remove, noteOf(seen, undefined));
    await wins(() => this.#client().send(write));
  }

  list(workspace: string, limit: number, token?: string) {
    return listOfWorkspace(this.#of(workspace), limit, token);
  }

  #of(workspace: string): WorkspaceRows<Connection> {
    return {
      client: this.#client(),
      table: this.#table,
      workspaceKey: workspace,
      keyOf: connectionKey,
      parse: (row) => connection.parse(row),
    };
  }
}

const itemOf = (row: Connection) => toItem({ ...connectionKey(row), ...row, workspaceKey: row.workspace });

const noteOf = (before: Connection | undefined, after: Connection | undefined): Change => {
  const { id = '', name, project } = after ?? before ?? {};
  return { object: 'connection', id, name, project, before, after };
};
