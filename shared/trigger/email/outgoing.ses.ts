import { type SESClient, SendRawEmailCommand } from '@aws-sdk/client-ses';
import type { Outgoing, OutgoingMail } from './ports.ts';

/** Mail through SES. */
export class SesOutgoing implements Outgoing {
  readonly #client: () => SESClient;

  constructor(client: () => SESClient) {
    this.#client = client;
  }

  async send({ from, to, raw }: OutgoingMail): Promise<void> {
    await this.#client().send(new SendRawEmailCommand({ Source: from, Destinations: [to], RawMessage: { Data: raw } }));
  }
}
