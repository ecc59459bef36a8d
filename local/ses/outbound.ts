import { randomBytes } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import type { Inbound } from './inbound.ts';

interface Ways {
  inbound: Inbound;
  /** Where mail goes that leaves this machine, when nothing else is said. */
  outbox: string;
  /** A mail server that takes it instead. */
  relayUrl?: string | undefined;
}

/** Mail that goes out: what is for the stack itself comes in again, as it would by DNS; the rest lies in the outbox or goes to a relay. */
export class Outbound {
  readonly #ways: Ways;
  readonly #relay: ReturnType<typeof createTransport> | undefined;

  constructor(ways: Ways) {
    this.#ways = ways;
    this.#relay = ways.relayUrl === undefined ? undefined : createTransport(ways.relayUrl);
  }

  async send(source: string, recipients: string[], raw: Buffer): Promise<string> {
    const id = `${Date.now().toString(16)}-${randomBytes(12).toString('hex')}`;
    const mail = withMessageId(raw, `<${id}@email.amazonses.com>`);
    const own = recipients.filter((address) => this.#ways.inbound.wants(address));
    const others = recipients.filter((address) => !own.includes(address));
    if (own.length > 0) await this.#ways.inbound.take({ source, recipients: own, greeting: 'localhost' }, [mail]);
    if (others.length === 0) return id;
    if (this.#relay) await this.#relay.sendMail({ envelope: { from: source, to: others }, raw: mail });
    else await this.#intoOutbox(id, source, others, mail);
    return id;
  }

  async #intoOutbox(id: string, source: string, recipients: string[], mail: Buffer): Promise<void> {
    await mkdir(this.#ways.outbox, { recursive: true });
    const path = join(this.#ways.outbox, `${id}.eml`);
    const envelope = `X-Envelope-From: ${source}\r\nX-Envelope-To: ${recipients.join(', ')}\r\n`;
    await writeFile(`${path}.new`, Buffer.concat([Buffer.from(envelope), mail]));
    await rename(`${path}.new`, path);
  }
}

/** SES gives every mail an id of its own, whatever the sender called it. */
function withMessageId(raw: Buffer, id: string): Buffer {
  const text = raw.toString('latin1');
  const end = /\r?\n\r?\n/.exec(text)?.index ?? text.length;
  const head = text.slice(0, end).replace(/^message-id:.*(\r?\n[ \t].*)*\r?\n/im, '');
  return Buffer.from(`Message-ID: ${id}\r\n${head}${text.slice(end)}`, 'latin1');
}
