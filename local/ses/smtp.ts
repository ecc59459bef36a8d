import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerDataStream } from 'smtp-server';
import { shownError } from '../disk.ts';
import type { Envelope, Inbound } from './inbound.ts';

export interface Smtp {
  port: number;
  close(): Promise<void>;
}

/** A host name has 255 characters at most. */
const MAX_GREETING = 255;

/**
 * A mail server for the addresses of the stack, on loopback. It says 250 once a mail is stored, 550 to addresses that nobody has, 552 to what is too
 * large. It has no TLS: what arrives here has not left this machine.
 */
export async function startSmtp(
  port: number,
  inbound: Inbound,
  { maxBytes, maxClients }: { maxBytes: number; maxClients: number },
): Promise<Smtp> {
  const server = new SMTPServer({
    name: 'localhost',
    banner: 'Millrun',
    size: maxBytes,
    // More are told to come again.
    maxClients,
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    // Clients keep connections open for their next mail; at the end nobody waits for one.
    closeTimeout: 100,
    onRcptTo(address, _session, done) {
      refusalOf(inbound, address.address).then(done, (error: unknown) => {
        console.error('A recipient could not be looked up:', error);
        done(new Refused(451, 'Try again later'));
      });
    },
    onData(stream, session, done) {
      const { mailFrom, rcptTo } = session.envelope;
      const source = mailFrom ? mailFrom.address : '';
      const envelope = {
        source,
        recipients: rcptTo.map(({ address }) => address),
        greeting: (session.hostNameAppearsAs || '').slice(0, MAX_GREETING),
      };
      take(inbound, envelope, stream, maxBytes).then(
        (id) => done(null, `OK ${id}`),
        (error: unknown) => {
          if (error instanceof Refused) return done(error);
          console.error('A mail could not be stored:', shownError(error));
          done(new Refused(451, 'Try again later'));
        },
      );
    },
  });
  // A client that breaks off is its own affair.
  server.on('error', () => {});
  return { port: await listening(server, port), close: () => new Promise((resolve) => server.close(() => resolve())) };
}

async function refusalOf(inbound: Inbound, address: string): Promise<Error | undefined> {
  if (!inbound.wants(address)) return new Refused(550, `Mail for ${address} is not received here`);
  if (!(await inbound.knows(address))) return new Refused(550, `There is no mailbox ${address}`);
  return undefined;
}

/** What a client is told, under the code that mail servers have for it. */
class Refused extends Error {
  readonly responseCode: number;

  constructor(responseCode: number, message: string) {
    super(message);
    this.responseCode = responseCode;
  }
}

/** Resolves when the mail cannot be lost any more. That it is too large shows only when all of it has been sent. */
async function take(inbound: Inbound, envelope: Envelope, stream: SMTPServerDataStream, maxBytes: number): Promise<string> {
  try {
    return await inbound.take(envelope, upTo(stream, maxBytes));
  } catch (error) {
    if (error instanceof Refused) await inbound.tellRefused(envelope, stream.byteLength, error.message);
    throw error;
  }
}

async function* upTo(stream: SMTPServerDataStream, maxBytes: number): AsyncGenerator<Buffer> {
  for await (const chunk of stream) if (!stream.sizeExceeded) yield chunk;
  if (stream.sizeExceeded)
    throw new Refused(552, `The mail has ${stream.byteLength} bytes; ${maxBytes} are the most that are taken.`);
}

function listening(server: SMTPServer, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = server.server;
    socket.once('error', (error: Error & { code?: string }) => {
      const taken = `Port ${port} is in use. Set SMTP_PORT to another port, or to 0 for any free one.`;
      reject(error.code === 'EADDRINUSE' ? new Error(taken) : error);
    });
    server.listen(port, '127.0.0.1', () => {
      const address: string | AddressInfo | null = socket.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}
