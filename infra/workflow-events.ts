import { EventBus, type RuleProps } from 'aws-cdk-lib/aws-events';
import { CfnOutput, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { AppFunction } from './app-function.ts';
import { eventBusNameOf, type Settings } from './settings.ts';

/** The event bus that steps emit to: one of our own, or one that the owner names. */
export class WorkflowEvents extends Construct {
  readonly #arn: string;
  readonly #made: EventBus | undefined;
  readonly #name: string;

  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    const { prefix, eventBus } = settings;
    this.#name = eventBusNameOf(settings);
    this.#made =
      eventBus === undefined
        ? new EventBus(this, 'Bus', { eventBusName: prefix, description: 'What workflows emit' })
        : undefined;
    this.#arn = this.#made?.eventBusArn ?? this.#arnOf(eventBus ?? prefix);
    new CfnOutput(this, 'Arn', { value: this.#arn, description: 'The event bus that emit steps put events on' });
  }

  allowEvents(fn: AppFunction): void {
    fn.addEnvironment('EVENT_BUS_ARN', this.#arn);
    fn.allow({ actions: ['events:PutEvents'], resources: [this.#arn] });
  }

  /** Whether it is the bus that steps emit to. */
  isOwn(name: string): boolean {
    return name === this.#name;
  }

  /** A bus by its name, or its ARN. */
  named(scope: Construct, id: string, { bus, name }: { bus: string; name: string }): NonNullable<RuleProps['eventBus']> {
    return this.#made && this.isOwn(name) ? this.#made : EventBus.fromEventBusArn(scope, id, this.#arnOf(bus));
  }

  #arnOf(named: string): string {
    return named.startsWith('arn:')
      ? named
      : Stack.of(this).formatArn({ service: 'events', resource: 'event-bus', resourceName: named });
  }
}
