import { EventBus, type IEventBus } from 'aws-cdk-lib/aws-events';
import { CfnOutput } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { AppFunction } from './app-function.ts';
import type { Settings } from './settings.ts';

/** The event bus that steps emit to: one of our own, or one that the owner names. */
export class WorkflowEvents extends Construct {
  readonly #bus: IEventBus;

  constructor(scope: Construct, id: string, { prefix, eventBus }: Settings) {
    super(scope, id);
    this.#bus = this.#busOf(prefix, eventBus);
    new CfnOutput(this, 'Arn', { value: this.#bus.eventBusArn, description: 'The event bus that emit steps put events on' });
  }

  allowEvents(fn: AppFunction): void {
    fn.addEnvironment('EVENT_BUS_ARN', this.#bus.eventBusArn);
    fn.allow({ actions: ['events:PutEvents'], resources: [this.#bus.eventBusArn] });
  }

  #busOf(prefix: string, named: string | undefined): IEventBus {
    if (named === undefined) return new EventBus(this, 'Bus', { eventBusName: prefix, description: 'What workflows emit' });
    if (named.startsWith('arn:')) return EventBus.fromEventBusArn(this, 'Bus', named);
    return EventBus.fromEventBusName(this, 'Bus', named);
  }
}
