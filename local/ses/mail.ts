import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Stack } from '../cloudformation/stack.ts';
import { EventQueue } from '../lambda/event-queue.ts';
import type { Functions } from '../lambda/functions.ts';
import type { CloudOptions } from '../options.ts';
import type { Queues } from '../sqs/queues.ts';
import { Inbound } from './inbound.ts';
import { Outbound } from './outbound.ts';
import { ReceiptRules } from './receipt-rules.ts';
import { SesApi } from './ses-api.ts';
import { startSmtp } from './smtp.ts';

const MAILS_AT_ONCE = 8;

export interface Mail {
  /** Answers the SES API. */
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Opens the mail server; answers its address, or nothing for a stack that takes no mail. */
  open(): Promise<string | undefined>;
  close(): Promise<void>;
}

/** SES: mail that comes in by the receipt rules of the stack, and mail that goes out. */
export function startMail(
  stack: Stack,
  { functions, queues }: { functions: Functions; queues: Queues },
  {
    dataDir,
    smtpPort = 0,
    smtpUrl,
    smtpClients,
  }: Pick<CloudOptions, 'dataDir' | 'smtpPort' | 'smtpUrl'> & { smtpClients: number },
): Mail {
  const rules = new ReceiptRules(stack, functions);
  const notice = (undelivered: unknown, reason: string) => ({ undelivered, reason: `The mail was set aside: ${reason}.` });
  const queue = new EventQueue(join(dataDir, 'mail'), { functions, queues, atOnce: MAILS_AT_ONCE, notice });
  const inbound = new Inbound({ rules, functions, queue, s3: join(dataDir, 's3'), spool: join(dataDir, 'mail', 'spool') });
  const outbound = new Outbound({ inbound, outbox: join(dataDir, 'outbox'), relayUrl: smtpUrl });
  const api = new SesApi(stack, { rules, outbound });
  let closeServer = async () => {};

  return {
    answer: (request, response) => api.answer(request, response),
    async open() {
      queue.start();
      if (!rules.declared) return undefined;
      const server = await startSmtp(smtpPort, inbound, { maxBytes: rules.maxBytes, maxClients: smtpClients });
      closeServer = server.close;
      return `smtp://127.0.0.1:${server.port}`;
    },
    async close() {
      queue.close();
      await closeServer();
    },
  };
}
