import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import * as z from 'zod';
import type { BusEvent, EventBus, NotTaken } from './bus.ts';

/** What the SDK throws for an answer; without one the call has not come through. */
const answered = z.object({ name: z.string(), message: z.string(), $metadata: z.object({ httpStatusCode: z.number() }) });

/** A bus of EventBridge, by its ARN. */
export class EventBridgeBus implements EventBus {
  readonly #client: () => EventBridgeClient;
  readonly #arn: () => string;

  constructor(client: () => EventBridgeClient, arn: () => string) {
    this.#client = client;
    this.#arn = arn;
  }

  async put({ source, type, at, detail }: BusEvent): Promise<NotTaken | undefined> {
    const entry = { EventBusName: this.#arn(), Source: source, DetailType: type, Time: at, Detail: detail };
    try {
      // A call that succeeds may have taken nothing: each entry says what became of it.
      const { FailedEntryCount = 0, Entries: [put] = [] } = await this.#client().send(new PutEventsCommand({ Entries: [entry] }));
      if (FailedEntryCount === 0 && !put?.ErrorCode) return undefined;
      return { code: put?.ErrorCode ?? 'InternalFailure', message: put?.ErrorMessage ?? 'it does not say why' };
    } catch (error) {
      const { data } = answered.safeParse(error);
      if (data) return { code: data.name, message: data.message };
      return { code: 'Unreachable', message: error instanceof Error ? error.message : String(error) };
    }
  }
}
