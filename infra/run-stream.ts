import { EventSourceMapping, FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
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

/** Tells followers what happens to runs: one function hears every change of the Runs table, in the order of each run. */
export class RunStream extends Construct {
  readonly follow: AppFunction;
  /** Where to find the changes that were given up. */
  readonly undelivered: Queue;

  constructor(scope: Construct, id: string, { settings, stores }: RunStreamProps) {
    super(scope, id);
    this.undelivered = new Queue(this, 'Undelivered', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
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
    stores.values.allowLists(this.follow);
    stores.values.allowDeletes(this.follow);
    new EventSourceMapping(this, 'Changes', {
      target: this.follow,
      eventSourceArn: stores.runs.allowStream(this.follow),
      // What happens while the mapping is being made counts too.
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: 200,
      // Somebody watches.
      maxBatchingWindow: Duration.seconds(0),
      // In each shard so many calls at a time; all that happens to one run is of one of them.
      parallelizationFactor: 4,
      filters: FOLLOWED,
      reportBatchItemFailures: true,
      bisectBatchOnError: true,
      // Some hours, with the pauses between; a change that cannot be dealt with must not hold up the others for a day.
      retryAttempts: 100,
      maxRecordAge: Duration.hours(6),
      onFailure: new SqsDlq(this.undelivered),
    });
  }
}
