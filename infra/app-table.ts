import { AttributeType, BillingMode, ProjectionType, StreamViewType, Table } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import type { AppFunction } from './app-function.ts';
import { removalPolicyOf, type Settings } from './settings.ts';

export interface AppTableProps {
  readonly settings: Settings;
  /** The environment variable in which functions find its name. */
  readonly variable: string;
}

export interface IndexProps {
  readonly hash: string;
  readonly range?: string;
  /**
   * What it holds beside keys: it is written only when that changes, and rows come by their keys. An empty list is keys alone; whole rows when absent.
   */
  readonly holds?: readonly string[];
}

/** What functions do with rows. Nothing scans. */
export type TableAction = 'BatchGetItem' | 'DeleteItem' | 'GetItem' | 'PutItem' | 'Query' | 'UpdateItem';

/** A table as we keep them: paid by use, restorable to the second, hard to delete, encrypted with the key DynamoDB owns. */
export class AppTable extends Table {
  readonly indexNames: string[] = [];
  readonly #variable: string;

  constructor(scope: Construct, id: string, { settings, variable }: AppTableProps) {
    super(scope, id, {
      partitionKey: text('pk'),
      sortKey: text('sk'),
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
      timeToLiveAttribute: 'expires',
      deletionProtection: settings.removal === 'retain',
      removalPolicy: removalPolicyOf(settings),
    });
    this.#variable = variable;
  }

  /** An index over the whole table. Range key `id` is a ULID: newest first by reading backwards. */
  addIndex(indexName: string, { hash, range = 'id', holds }: IndexProps): void {
    this.indexNames.push(indexName);
    this.addGlobalSecondaryIndex({
      indexName,
      partitionKey: text(hash),
      sortKey: text(range),
      ...projectionOf(holds),
    });
  }

  /** Just what the function does: the operations on rows, and the indexes that it queries. */
  allow(fn: AppFunction, actions: readonly TableAction[], indexes: readonly string[] = []): void {
    const unknown = indexes.find((name) => !this.indexNames.includes(name));
    if (unknown) throw new Error(`${this.node.path} has no index ${unknown}.`);
    fn.addEnvironment(this.#variable, this.tableName);
    if (actions.length > 0) fn.allow({ actions: actions.map((action) => `dynamodb:${action}`), resources: [this.tableArn] });
    if (indexes.length > 0)
      fn.allow({ actions: ['dynamodb:Query'], resources: indexes.map((name) => `${this.tableArn}/index/${name}`) });
  }

  /** Hearing of every change of the stream that it answers. Names of streams end in the time at which they were made; Lambda lists them before it reads the one that it is given. */
  allowStream(fn: AppFunction): string {
    const { tableStreamArn } = this;
    if (!tableStreamArn) throw new Error(`${this.node.path} has no stream.`);
    const actions = ['DescribeStream', 'GetRecords', 'GetShardIterator'].map((action) => `dynamodb:${action}`);
    fn.allow({ actions, resources: [tableStreamArn] });
    fn.allow({
      actions: ['dynamodb:ListStreams'],
      resources: [`${this.tableArn}/stream/*`],
      because: 'Lists the streams of this one table.',
    });
    return tableStreamArn;
  }
}

function projectionOf(holds: readonly string[] | undefined) {
  if (!holds) return { projectionType: ProjectionType.ALL };
  if (holds.length === 0) return { projectionType: ProjectionType.KEYS_ONLY };
  return { projectionType: ProjectionType.INCLUDE, nonKeyAttributes: [...holds] };
}

function text(name: string) {
  return { name, type: AttributeType.STRING };
}
