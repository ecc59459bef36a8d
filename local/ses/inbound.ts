import { randomBytes } from 'node:crypto';
import { createReadStream, mkdirSync, rmSync } from 'node:fs';
import { open, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { EventQueue } from '../lambda/event-queue.ts';
import type { Functions } from '../lambda/functions.ts';
import { ObjectFiles } from '../s3/object-files.ts';
import { headersOf, MAX_HEADER_BYTES } from './headers.ts';
import type { ReceiptRule, ReceiptRules } from './receipt-rules.ts';
import { sesEvent, stampOf, writtenHeaders } from './ses-event.ts';

const answer = z.object({ known: z.boolean() });

interface Parts {
  rules: ReceiptRules;
  functions: Functions;
  queue: EventQueue;
  /** The folder of the buckets. */
  s3: string;
  /** Where mails lie until they have been sent to their end. */
  spool: string;
}

export interface Envelope {
  source: string;
  recipients: string[];
  /** What the client called itself. */
  greeting: string;
}

/** What SES does with a mail that has come in, by the receipt rules of the stack. */
export class Inbound {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    // What was not sent to its end was not answered with a yes.
    rmSync(parts.spool, { recursive: true, force: true });
    mkdirSync(parts.spool, { recursive: true });
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

  /** Stores the mail and writes down whom to tell. It cannot be lost any more when this resolves, and never lies in memory as a whole. */
  async take(envelope: Envelope, mail: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<string> {
    const messageId = randomBytes(20).toString('hex');
    const path = join(this.#parts.spool, messageId);
    try {
      await writeFile(path, mail);
      await this.#store(envelope, messageId, path);
    } finally {
      await rm(path, { force: true });
    }
    return messageId;
  }

  async #store({ source, recipients, greeting }: Envelope, messageId: string, path: string): Promise<void> {
    const { head, bytes } = await headIn(path);
    for (const [index, [rule, wanted]] of [...this.#byRule(recipients)].entries()) {
      const received = { messageId, at: new Date(), source, greeting, recipients: wanted, headers: headersOf(head) };
      for (const { name, prefix } of rule.buckets) {
        const files = new ObjectFiles(join(this.#parts.s3, name));
        const stamped = chunksOf(writtenHeaders(stampOf(received)), createReadStream(path));
        await files.put(prefix + messageId, stamped, { 'content-type': 'application/octet-stream' });
      }
      for (const fn of rule.functions) await this.#parts.queue.add(`${messageId}-${index}`, fn, sesEvent(received, fn), bytes);
    }
  }

  /** Tells the functions that ask for their recipients what was refused in their name. */
  async tellRefused({ source, recipients }: Envelope, bytes: number, reason: string): Promise<void> {
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

async function* chunksOf(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}

async function headIn(path: string): Promise<{ head: Buffer; bytes: number }> {
  const file = await open(path);
  try {
    const { size: bytes } = await file.stat();
    const head = Buffer.alloc(Math.min(bytes, MAX_HEADER_BYTES));
    await file.read(head, 0, head.length, 0);
    return { head, bytes };
  } finally {
    await file.close();
  }
}
