import { setTimeout as sleep } from 'node:timers/promises';
import { createTransport, type Transporter } from 'nodemailer';
import * as z from 'zod';
import type { Cloud } from '../../../local/cloud.ts';
import { Client, type Definition, type Run } from '../../run/client.ts';

const mailboxResult = z.object({ id: z.string(), address: z.string(), workflow_id: z.string() });
const deliveryResult = z.object({
  id: z.string(),
  trigger: z.string(),
  trigger_id: z.string(),
  source: z.string(),
  key: z.string(),
  outcome: z.string(),
  reason: z.string().nullable(),
  run_id: z.string().nullable(),
  size: z.number(),
  payload: z.string().nullable(),
  redeliveries: z.number(),
});
const deliveryPage = z.object({ items: z.array(deliveryResult), continuation_token: z.string().nullable() });
export type DeliveryResult = z.infer<typeof deliveryResult>;

/** Takes what comes, names the run by its subject. */
export const takesMail: Definition = {
  reference: '${ $input.subject }',
  steps: [{ id: 'seen', set: { subject: '${ $input.subject }' } }],
  output: { subject: '${ $steps.seen.subject }' },
};

/** A workflow with a mail address. */
export class MailSender {
  readonly api: Client;
  readonly workflow: string;
  readonly address: string;
  readonly id: string;
  readonly #transport: Transporter;

  constructor(api: Client, transport: Transporter, mailbox: z.infer<typeof mailboxResult>) {
    this.api = api;
    this.workflow = mailbox.workflow_id;
    this.address = mailbox.address;
    this.id = mailbox.id;
    this.#transport = transport;
  }

  /** Sends a raw mail, as it is. */
  async send(
    raw: string | Buffer,
    { from = 'ada@example.com', to = [this.address] }: { from?: string; to?: string[] } = {},
  ): Promise<string> {
    const { response } = await this.#transport.sendMail({ envelope: { from, to }, raw });
    return response ?? '';
  }

  async deliveries(query = ''): Promise<DeliveryResult[]> {
    const items: DeliveryResult[] = [];
    let token = '';
    for (;;) {
      const path = `/v1/deliveries?workflow_id=${this.workflow}&limit=100${query}${token}`;
      const page = deliveryPage.parse(await this.api.expect(200, 'GET', path));
      items.push(...page.items);
      if (page.continuation_token === null) return items;
      token = `&continuation_token=${encodeURIComponent(page.continuation_token)}`;
    }
  }

  /** All deliveries, newest first, once there are so many. */
  async deliveriesOnce(count: number): Promise<DeliveryResult[]> {
    for (;;) {
      const deliveries = await this.deliveries();
      if (deliveries.length >= count) return deliveries;
      // Long lists are long to read, and what is waited for has to be done meanwhile.
      await sleep(20 + deliveries.length);
    }
  }

  /** Sends a mail and waits for its delivery. */
  async deliver(raw: string | Buffer, envelope: { from?: string; to?: string[] } = {}): Promise<DeliveryResult> {
    const before = new Set((await this.deliveries()).map(({ id }) => id));
    await this.send(raw, envelope);
    for (;;) {
      const fresh = (await this.deliveries()).find(({ id }) => !before.has(id));
      if (fresh) return fresh;
      await sleep(10);
    }
  }

  /** Sends a mail that starts a run, and answers the run. */
  async runOf(raw: string | Buffer): Promise<Run> {
    const { outcome, reason, run_id: id } = await this.deliver(raw);
    if (outcome !== 'accepted' || id === null) throw new Error(`The mail was ${outcome}: ${reason}`);
    return this.api.run(id);
  }
}

/** Publishes a workflow and gives it a mailbox. */
export async function mailSender(
  cloud: Pick<Cloud, 'url' | 'smtpUrl'>,
  settings: object = { permission: 'anyone' },
  definition = takesMail,
): Promise<MailSender> {
  const api = new Client(cloud.url);
  const workflow = await api.publish(definition);
  const mailbox = mailboxResult.parse(await api.expect(200, 'PUT', `/v1/workflows/${workflow}/mailbox`, settings));
  return new MailSender(api, transportTo(cloud), mailbox);
}

export const transportTo = ({ smtpUrl }: Pick<Cloud, 'smtpUrl'>, more: object = {}) =>
  createTransport({ url: smtpUrl, pool: true, maxMessages: Infinity, ...more });

let mails = 0;

/** A plain mail; every header and the body can be said otherwise, `null` leaves a header out. */
export function aMail(headers: Record<string, string | null> = {}, body = 'Good morning.\r\n'): string {
  mails += 1;
  const all: Record<string, string | null> = {
    From: 'Ada <ada@example.com>',
    To: 'orders@example.org',
    Subject: 'Order 1',
    Date: 'Mon, 23 Nov 2026 08:00:00 +0100',
    'Message-ID': `<${process.pid}.${Date.now()}.${mails}@example.com>`,
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}`]));
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
