import { type SESClient, SendRawEmailCommand } from '@aws-sdk/client-ses';
import type { Outgoing, OutgoingMail } from './outgoing.ts';

/** Mail through SES. */
export class SesOutgoing implements Outgoing {
  readonly #client: () => SESClient;

  constructor(client: () => SESClient) {
    this.#client = client;
  }

  async send({ from, to, raw }: OutgoingMail): Promise<string> {
    const command = new SendRawEmailCommand({ Source: from, Destinations: [...to], RawMessage: { Data: raw } });
    const { MessageId } = await this.#client().send(command);
    return MessageId ?? '';
  }
}
