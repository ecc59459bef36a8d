import {
  EventSourceMapping,
  type EventSourceMappingOptions,
  FilterCriteria,
  FilterRule,
  StartingPosition,
} from 'aws-cdk-lib/aws-lambda';
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { isTerminal, RUN_STATUSES } from '../shared/run/model/status.ts';
import { acknowledge } from './acknowledge.ts';
import { AppFunction } from './app-function.ts';
import type { Settings } from './settings.ts';
import type { Stores } from './stores.ts';

export interface RunStreamProps {
  readonly settings: Settings;
  readonly stores: Stores;
}

/** What followers hear of: rows of runs, and entries when they are appended. Comments, promises of starts and what expires with its run are not for them. */
const FOLLOWED = [
  FilterCriteria.filter({ dynamodb: { Keys: { sk: { S: FilterRule.isEqual('RUN') } } } }),
  FilterCriteria.filter({
    eventName: FilterRule.isEqual('INSERT'),
    dynamodb: { Keys: { sk: { S: FilterRule.beginsWith('J#') } } },
  }),
];

const LIVE = RUN_STATUSES.filter((status) => !isTerminal(status));
const ENDED = RUN_STATUSES.filter(isTerminal);
const isIn = (statuses: readonly string[]) => ({ status: { S: statuses } });
const row = { Keys: { sk: { S: FilterRule.isEqual('RUN') } } };

/** A run comes to its end, or is born with it. */
const ENDS = [
  FilterCriteria.filter({
    eventName: FilterRule.isEqual('MODIFY'),
    dynamodb: { ...row, OldImage: isIn(LIVE), NewImage: isIn(ENDED) },
  }),
  FilterCriteria.filter({ eventName: FilterRule.isEqual('INSERT'), dynamodb: { ...row, NewImage: isIn(ENDED) } }),
];

/** Tells followers what happens to runs: one function hears every change of the Runs table, in the order of each run. */
export class RunStream extends Construct {
  readonly follow: AppFunction;
  /** Counts runs that have ended. */
  readonly count: AppFunction;
  /** Where to find the changes that were given up. */
  readonly undelivered: Queue;

  constructor(scope: Construct, id: string, { settings, stores }: RunStreamProps) {
    super(scope, id);
    this.undelivered = new Queue(this, 'Undelivered', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    acknowledge(
      this.undelivered,
      'SQS3',
      'It is where the stream puts what could not be dealt with: a dead-letter queue itself.',
    );
    this.follow = new AppFunction(this, 'Follow', {
      settings,
      description: 'Hears what happens to runs, and tells who follows them',
      entry: 'stream/follow-runs',
      timeout: Duration.seconds(60),
      environment: { RETENTION_DAYS: String(settings.retentionDays) },
    });
    // Records what people do to runs, and takes along what an expired run leaves behind, and keeps all of one that is held.
    stores.allowRecords(this.follow);
    stores.runs.allow(this.follow, ['DeleteItem', 'GetItem', 'Query', 'UpdateItem']);
    stores.subscriptions.allow(this.follow, ['PutItem', 'Query']);
    stores.allowHolds(this.follow);
    this.count = new AppFunction(this, 'Count', {
      settings,
      description: 'Counts runs that have ended',
      entry: 'stream/count-runs',
      timeout: Duration.seconds(60),
      environment: { RETENTION_DAYS: String(settings.retentionDays) },
    });
    stores.runs.allow(this.count, ['Query']);
    stores.tasks.allow(this.count, []);
    stores.places.allow(this.count, []);
    stores.workflows.allow(this.count, ['GetItem']);
    stores.values.allowReads(this.count);
    // What has been spent of budgets, and who wants to hear of it.
    stores.analytics.allow(this.count, ['PutItem', 'Query', 'UpdateItem']);
    stores.subscriptions.allow(this.count, ['PutItem', 'Query']);

    this.#tell('Changes', this.follow, stores, {
      filters: FOLLOWED,
      batchSize: 200,
      // Somebody watches.
      maxBatchingWindow: Duration.seconds(0),
      // In each shard so many calls at a time; all that happens to one run is of one of them.
      parallelizationFactor: 4,
      reportBatchItemFailures: true,
    });
    this.#tell('Ends', this.count, stores, {
      filters: ENDS,
      // What many runs add to a counter is one write.
      batchSize: 500,
      maxBatchingWindow: Duration.seconds(5),
    });
  }

  #tell(id: string, target: AppFunction, stores: Stores, options: EventSourceMappingOptions): void {
    new EventSourceMapping(this, id, {
      target,
      eventSourceArn: stores.runs.allowStream(target),
      // What happens while the mapping is being made counts too.
      startingPosition: StartingPosition.TRIM_HORIZON,
      bisectBatchOnError: true,
      // Some hours, with the pauses between; a change that cannot be dealt with must not hold up the others for a day.
      retryAttempts: 100,
      maxRecordAge: Duration.hours(6),
      onFailure: new SqsDlq(this.undelivered),
      ...options,
    });
  }
}
