import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerDataStream } from 'smtp-server';
import type { Inbound } from './inbound.ts';

export interface Smtp {
  port: number;
  close(): Promise<void>;
}

/**
 * A mail server for the addresses of the stack, on loopback. It says 250 once a mail is stored, 550 to addresses that nobody has, 552 to what is too
 * large. It has no TLS: what arrives here has not left this machine.
 */
export async function startSmtp(port: number, inbound: Inbound, maxBytes: number): Promise<Smtp> {
  const server = new SMTPServer({
    name: 'localhost',
    banner: 'Millrun',
    size: maxBytes,
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    onRcptTo(address, _session, done) {
      refusalOf(inbound, address.address).then(done, (error: unknown) => {
        console.error('A recipient could not be looked up:', error);
        done(reply(451, 'Try again later'));
      });
    },
    onData(stream, session, done) {
      const { mailFrom, rcptTo } = session.envelope;
      const recipients = rcptTo.map(({ address }) => address);
      bodyOf(stream)
        .then((raw) => (raw ? inbound.take(mailFrom ? mailFrom.address : '', recipients, raw) : undefined))
        .then(
          (id) => (id === undefined ? done(reply(552, `The mail is larger than ${maxBytes} bytes`)) : done(null, `OK ${id}`)),
          (error: unknown) => {
            console.error('A mail could not be stored:', error);
            done(reply(451, 'Try again later'));
          },
        );
    },
  });
  // A client that breaks off is its own affair.
  server.on('error', () => {});
  return { port: await listening(server, port), close: () => new Promise((resolve) => server.close(() => resolve())) };
}

async function refusalOf(inbound: Inbound, address: string): Promise<Error | undefined> {
  if (!inbound.wants(address)) return reply(550, `Mail for ${address} is not received here`);
  if (!(await inbound.knows(address))) return reply(550, `There is no mailbox ${address}`);
  return undefined;
}

const reply = (responseCode: number, message: string) => Object.assign(new Error(message), { responseCode });

/** The mail; undefined when it is too large, which shows only when all of it has been sent. */
async function bodyOf(stream: SMTPServerDataStream): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) {
    if (stream.sizeExceeded) chunks.length = 0;
    else chunks.push(chunk);
  }
  return stream.sizeExceeded ? undefined : Buffer.concat(chunks);
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
