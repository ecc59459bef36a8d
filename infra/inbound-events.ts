import { type IRule, Match, Rule, RuleTargetInput, type RuleTargetInputProperties } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { allowDeliveries, allowStarts } from './api-functions.ts';
import { AppFunction } from './app-function.ts';
import { RECEIVE_TIMEOUT, receivedQueue, receives } from './received-queue.ts';
import type { RunEngine } from './run-engine.ts';
import { eventBusesOf, type Settings } from './settings.ts';
import type { Stores } from './stores.ts';
import type { WorkflowEvents } from './workflow-events.ts';

export interface InboundEventsProps {
  readonly settings: Settings;
  readonly stores: Stores;
  readonly engine: RunEngine;
  readonly events: WorkflowEvents;
}

/** Turns events of EventBridge into runs: all that the buses carry comes through one queue, and the event rules of workflows say what each is for. */
export class InboundEvents extends Construct {
  readonly receive: AppFunction;
  /** Events that were given up. */
  readonly undelivered: Queue;

  constructor(scope: Construct, id: string, { settings, stores, engine, events }: InboundEventsProps) {
    super(scope, id);
    this.receive = new AppFunction(this, 'Receive', {
      settings,
      entry: 'event/receive-events',
      description: 'Turns events of EventBridge into runs',
      timeout: RECEIVE_TIMEOUT,
      environment: { RETENTION_DAYS: String(settings.retentionDays) },
    });
    allowStarts(this.receive, { stores, engine });
    allowDeliveries(this.receive, stores);
    stores.triggers.allow(this.receive, ['BatchGetItem'], ['by-workspace']);

    const { queue, dead } = receivedQueue(this, { queue: 'Events', dead: 'Undelivered' }, { name: `${settings.prefix}-events` });
    this.undelivered = dead;
    receives(this.receive, queue);

    for (const { bus, name, workspace } of eventBusesOf(settings))
      new Rule(this, `All-${name}`, {
        eventBus: events.named(this, `Bus-${name}`, { bus, name }),
        description: 'Brings events to the event rules of workflows',
        eventPattern: { source: Match.prefix('') },
        targets: [
          new SqsQueue(queue, {
            deadLetterQueue: this.undelivered,
            message: new WithOrigin({ bus: name, workspace, own: events.isOwn(name) }),
          }),
        ],
      });
  }
}

/** The whole event, with what is not in it: where it has come from. */
class WithOrigin extends RuleTargetInput {
  readonly #origin: object;

  constructor(origin: object) {
    super();
    this.#origin = origin;
  }

  bind(_rule: IRule): RuleTargetInputProperties {
    // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
    return { inputTemplate: `${JSON.stringify(this.#origin).slice(0, -1)},"event":<aws.events.event.json>}` };
  }
}
