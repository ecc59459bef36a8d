import { Readable } from 'node:stream';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { CONNECTION_TYPES } from '../../connection/connection-type.ts';
import type { OpenConnection } from '../../connection/open-connection.ts';
import type { OutgoingMail } from '../../mail/outgoing.ts';
import type { Network } from '../http/agents.ts';
import { smtpFailure } from './smtp-failure.ts';

const GREETING_MS = 15_000;
const SILENCE_MS = 60_000;

interface Line {
  network: Network;
  signal: AbortSignal;
}

/** Hands a mail to the server of a connection of type smtp; answers whom it does not take it for. Throws as `sendMail` does. */
export function sendBySmtp({ from, to, raw }: OutgoingMail, connection: OpenConnection, line: Line): Promise<string[]> {
  return inSession(connection, line, (session, handingOver) => {
    // Read once the server wants it.
    async function* content() {
      handingOver();
      yield raw;
    }
    const { promise, resolve, reject } = Promise.withResolvers<string[]>();
    session.send({ from, to: [...to], size: raw.length }, Readable.from(content()), (error, info) => {
      if (error) reject(error);
      else resolve(info?.rejected ?? []);
    });
    return promise;
  });
}

/** Greets the server of the connection, and logs in where it has a user name. */
export const greet = (connection: OpenConnection, line: Line): Promise<void> => inSession(connection, line, async () => {});

type Work<T> = (session: SMTPConnection, handingOver: () => void) => Promise<T>;

async function inSession<T>(connection: OpenConnection, { network, signal }: Line, work: Work<T>): Promise<T> {
  const { host, port, tls, username } = CONNECTION_TYPES.smtp.settings.parse(connection.settings);
  const socket = await network.connect(host, port, signal);
  const session = new SMTPConnection({
    host,
    port,
    connection: socket,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    ...(network.ca && { tls: { ca: network.ca } }),
    greetingTimeout: GREETING_MS,
    socketTimeout: SILENCE_MS,
    // A server that does not hang up holds up nobody.
    socketCloseTimeout: 0,
  });
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => {});
  session.on('error', broken.reject);
  session.on('end', () => broken.reject(new Error('the connection was closed')));
  const onAbort = () => broken.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  let isHandedOver = false;
  try {
    await Promise.race([broken.promise, told((done) => session.connect(done))]);
    if (username !== undefined) await Promise.race([broken.promise, login(session, username, connection)]);
    const result = await Promise.race([broken.promise, work(session, () => (isHandedOver = true))]);
    await connection.report({ ok: true });
    session.quit();
    return result;
  } catch (error) {
    session.close();
    if (signal.aborted && !isHandedOver) throw signal.reason;
    throw await smtpFailure(error, connection, { server: `${host}:${port}`, isHandedOver });
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function login(session: SMTPConnection, user: string, { secrets, conceal }: OpenConnection): Promise<void> {
  const { password: pass = '' } = CONNECTION_TYPES.smtp.secret.parse(secrets[0] ?? {});
  // As it goes over the line: a server may repeat what it was told.
  conceal(Buffer.from(`\u0000${user}\u0000${pass}`).toString('base64'));
  conceal(Buffer.from(pass).toString('base64'));
  return told((done) => session.login({ credentials: { user, pass } }, done));
}

const told = (act: (done: (error?: Error | null) => void) => void) =>
  new Promise<void>((resolve, reject) => act((error) => (error ? reject(error) : resolve())));
