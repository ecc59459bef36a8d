import { EventSourceMapping, FilterCriteria, FilterRule, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { AppFunction } from './app-function.ts';
import type { InboundMail } from './inbound-mail.ts';
import type { RunsApi } from './runs-api.ts';
import type { Settings } from './settings.ts';
import type { Stores } from './stores.ts';

export interface TaskMailsProps {
  readonly settings: Settings;
  readonly domain: string;
  readonly stores: Stores;
  readonly runsApi: RunsApi;
  readonly mail: InboundMail;
}

/** Asks people by mail: at once when a task is opened, and every minute for whatever is due. */
export class TaskMails extends Construct {
  readonly send: AppFunction;

  constructor(scope: Construct, id: string, { settings, domain, stores, runsApi, mail }: TaskMailsProps) {
    super(scope, id);
    this.send = new AppFunction(this, 'Send', {
      settings,
      description: 'Tells people by mail what they are asked',
      entry: 'mail/send-task-mails',
      // Less than the minute between two looks.
      timeout: Duration.seconds(55),
      retryAttempts: 0,
      environment: { MAIL_DOMAIN: domain, API_URL: runsApi.api.apiEndpoint },
    });
    stores.tasks.allow(this.send, ['PutItem', 'UpdateItem'], ['by-mail']);
    stores.values.allowReads(this.send);
    stores.secretsKey.allowSealing(this.send);
    mail.allowSending(this.send);
    mail.every(this.send, 'TaskMailsTick', Duration.minutes(1));
    new EventSourceMapping(this, 'Opened', {
      target: this.send,
      eventSourceArn: stores.tasks.allowStream(this.send),
      startingPosition: StartingPosition.TRIM_HORIZON,
      filters: [
        FilterCriteria.filter({
          eventName: FilterRule.isEqual('INSERT'),
          dynamodb: { NewImage: { mailKey: { S: FilterRule.beginsWith('mail#') } } },
        }),
      ],
      batchSize: 25,
      // What is lost here is found by the look of the next minute.
      retryAttempts: 1,
      maxRecordAge: Duration.minutes(5),
    });
  }
}
