import { AttributeType, BillingMode, ProjectionType, StreamViewType, Table } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import type { AppFunction } from './app-function.ts';
import { removalPolicyOf, type Settings } from './settings.ts';

export interface HouseTableProps {
  readonly settings: Settings;
  /** The environment variable in which functions find its name. */
  readonly variable: string;
}

export interface IndexProps {
  readonly hash: string;
  readonly range?: string;
  /** Attributes beside the keys; all of them when absent. */
  readonly include?: readonly string[];
}

/** A table as we keep them: paid by use, restorable to the second, hard to delete, encrypted with the key DynamoDB owns. */
export class HouseTable extends Table {
  readonly globalIndexNames: string[] = [];
  readonly #localIndexNames: string[] = [];
  readonly #variable: string;

  constructor(scope: Construct, id: string, { settings, variable }: HouseTableProps) {
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
  addIndex(indexName: string, { hash, range = 'id', include }: IndexProps): void {
    this.globalIndexNames.push(indexName);
    this.addGlobalSecondaryIndex({ indexName, partitionKey: text(hash), sortKey: text(range), ...projectionOf(include) });
  }

  /** An index within a partition. DynamoDB takes these at the creation of the table only. */
  addLocalIndex(indexName: string, { range, include }: { readonly range: string; readonly include: readonly string[] }): void {
    this.#localIndexNames.push(indexName);
    this.addLocalSecondaryIndex({ indexName, sortKey: text(range), ...projectionOf(include) });
  }

  /** By key, or with one Query; never with a Scan. */
  allowReads(reader: AppFunction): void {
    reader.addEnvironment(this.#variable, this.tableName);
    reader.allow({ actions: ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:Query'], resources: [this.tableArn] });
    const indexes = [...this.globalIndexNames, ...this.#localIndexNames];
    reader.allow({ actions: ['dynamodb:Query'], resources: indexes.map((name) => `${this.tableArn}/index/${name}`) });
  }

  allowReadsAndWrites(writer: AppFunction): void {
    this.allowReads(writer);
    writer.allow({
      actions: [
        'dynamodb:BatchWriteItem',
        'dynamodb:ConditionCheckItem',
        'dynamodb:DeleteItem',
        'dynamodb:PutItem',
        'dynamodb:UpdateItem',
      ],
      resources: [this.tableArn],
    });
  }
}

function text(name: string) {
  return { name, type: AttributeType.STRING };
}

function projectionOf(include: readonly string[] | undefined) {
  if (!include) return { projectionType: ProjectionType.ALL };
  return { projectionType: ProjectionType.INCLUDE, nonKeyAttributes: [...include] };
}
