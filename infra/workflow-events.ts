import { EventBus } from 'aws-cdk-lib/aws-events';
import { CfnOutput, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { AppFunction } from './app-function.ts';
import type { Settings } from './settings.ts';

/** The event bus that steps emit to: one of our own, or one that the owner names. */
export class WorkflowEvents extends Construct {
  readonly #arn: string;

  constructor(scope: Construct, id: string, { prefix, eventBus }: Settings) {
    super(scope, id);
    this.#arn = this.#arnOf(prefix, eventBus);
    new CfnOutput(this, 'Arn', { value: this.#arn, description: 'The event bus that emit steps put events on' });
  }

  allowEvents(fn: AppFunction): void {
    fn.addEnvironment('EVENT_BUS_ARN', this.#arn);
    fn.allow({ actions: ['events:PutEvents'], resources: [this.#arn] });
  }

  #arnOf(prefix: string, named: string | undefined): string {
    if (named === undefined)
      return new EventBus(this, 'Bus', { eventBusName: prefix, description: 'What workflows emit' }).eventBusArn;
    return named.startsWith('arn:')
      ? named
      : Stack.of(this).formatArn({ service: 'events', resource: 'event-bus', resourceName: named });
  }
}
