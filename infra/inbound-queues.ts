import { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type ApiFunctions, allowDeliveries, allowStarts } from './api-functions.ts';
import { AppFunction } from './app-function.ts';
import { RECEIVE_TIMEOUT, receivedQueue, receives } from './received-queue.ts';
import type { RunEngine } from './run-engine.ts';
import { inboundQueuesOf, type Settings } from './settings.ts';
import type { Stores } from './stores.ts';

export interface InboundQueuesProps {
  readonly settings: Settings;
  readonly stores: Stores;
  readonly engine: RunEngine;
  readonly functions: ApiFunctions;
}

/** Turns messages of SQS into runs: those of the inbox, which name their trigger, and those of queues that the owner has. */
export class InboundQueues extends Construct {
  readonly receive: AppFunction;
  /** Messages that were given up, of the standard inbox and of the FIFO one. */
  readonly undelivered: readonly Queue[];

  constructor(scope: Construct, id: string, { settings, stores, engine, functions }: InboundQueuesProps) {
    super(scope, id);
    const own = inboundQueuesOf(settings);
    const environment = { INBOUND_QUEUES: own.map(({ name, workspace }) => `${name}=${workspace}`).join(',') };
    this.receive = new AppFunction(this, 'Receive', {
      settings,
      entry: 'queue/receive-messages',
      description: 'Turns messages of SQS into runs',
      timeout: RECEIVE_TIMEOUT,
      environment: { RETENTION_DAYS: String(settings.retentionDays), ...environment },
    });
    allowStarts(this.receive, { stores, engine });
    allowDeliveries(this.receive, stores);

    const standard = this.#inbox('Inbox', settings, '');
    const fifo = this.#inbox('FifoInbox', settings, '.fifo');
    this.undelivered = [standard.dead, fifo.dead];
    for (const { arn, name } of own) receives(this.receive, Queue.fromQueueArn(this, `Own-${name}`, arn));

    const routes = functions.at('api/queues');
    for (const [name, value] of Object.entries({
      ...environment,
      INBOX_URL: standard.queue.queueUrl,
      INBOX_FIFO_URL: fifo.queue.queueUrl,
    }))
      routes.addEnvironment(name, value);
  }

  #inbox(id: string, { prefix }: Settings, ending: '' | '.fifo') {
    const made = receivedQueue(this, { queue: id, dead: `${id}Undelivered` }, { name: `${prefix}-inbox`, ending });
    receives(this.receive, made.queue);
    return made;
  }
}
