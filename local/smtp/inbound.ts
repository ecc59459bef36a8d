import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod';
import type { Functions } from '../lambda/functions.ts';
import { ObjectFiles } from '../s3/object-files.ts';
import type { EventQueue } from './event-queue.ts';
import type { ReceiptRule, ReceiptRules } from './receipt-rules.ts';
import { sesEvent, stampedMail } from './ses-event.ts';

const answer = z.object({ known: z.boolean() });

interface Parts {
  rules: ReceiptRules;
  functions: Functions;
  queue: EventQueue;
  /** The folder of the buckets. */
  s3: string;
}

/** What SES does with a mail that has come in, by the receipt rules of the stack. */
export class Inbound {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Whether a rule wants mail for the address, whoever has it. */
  wants(address: string): boolean {
    return this.#parts.rules.for(address).length > 0;
  }

  /** Whether somebody has the address. */
  async knows(recipient: string): Promise<boolean> {
    for (const { asks, functions } of this.#parts.rules.for(recipient)) {
      if (!asks) return true;
      for (const fn of functions) {
        const { known } = answer.parse(await this.#parts.functions.invoke(fn, { question: 'recipient', recipient }));
        if (known) return true;
      }
    }
    return false;
  }

  /** Stores the mail and writes down whom to tell. It cannot be lost any more when this resolves. */
  async take(source: string, recipients: string[], raw: Buffer): Promise<string> {
    const messageId = randomBytes(20).toString('hex');
    for (const [index, [rule, wanted]] of [...this.#byRule(recipients)].entries()) {
      const received = { messageId, at: new Date(), source, recipients: wanted, raw };
      const stamped = stampedMail(received);
      for (const { name, prefix } of rule.buckets) {
        const files = new ObjectFiles(join(this.#parts.s3, name));
        await files.put(prefix + messageId, stamped, { 'content-type': 'application/octet-stream' });
      }
      for (const fn of rule.functions) await this.#parts.queue.add(`${messageId}-${index}`, fn, sesEvent(received, fn, stamped));
    }
    return messageId;
  }

  /** Tells the functions that ask for their recipients what was refused in their name. */
  async tellRefused(source: string, recipients: string[], bytes: number, reason: string): Promise<void> {
    const messageId = randomBytes(20).toString('hex');
    for (const [index, [{ asks, functions }, wanted]] of [...this.#byRule(recipients)].entries()) {
      const refused = { messageId, at: new Date().toISOString(), source, recipients: wanted, bytes, reason };
      for (const fn of asks ? functions : []) await this.#parts.queue.add(`${messageId}-${index}`, fn, { refused });
    }
  }

  #byRule(recipients: string[]): Map<ReceiptRule, string[]> {
    const wanted = new Map<ReceiptRule, string[]>();
    for (const recipient of recipients)
      for (const rule of this.#parts.rules.for(recipient)) wanted.set(rule, [...(wanted.get(rule) ?? []), recipient]);
    return wanted;
  }
}
