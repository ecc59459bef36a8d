import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

export interface Taken {
  from: string;
  to: string[];
  raw: string;
  user: string | undefined;
}

/** What the next mail is answered with: a refusal, or the line cut when the mail is there. */
type Say = { code: number; message: string } | 'hang up' | 'silence';

/** A mail server that takes what it is sent, from whom it knows, and says otherwise when it is told to. */
export async function aMailServer(options: SMTPServerOptions = {}) {
  const taken: Taken[] = [];
  const says: Say[] = [];
  const refused = new Set<string>();
  let logins = 0;
  const server = new SMTPServer({
    authOptional: true,
    disableReverseLookup: true,
    closeTimeout: 50,
    allowInsecureAuth: true,
    hideSTARTTLS: true,
    onAuth({ username, password }, _session, done) {
      logins += 1;
      if (username === 'ada' && password === 'pw-SECRET') done(null, { user: username });
      else done(new Error(`535 not with ${password}`));
    },
    onRcptTo({ address }, _session, done) {
      done(refused.has(address) ? refusal(550, `no such user ${address}`) : null);
    },
    onData(stream, session, done) {
      buffer(stream).then((raw) => {
        const say = says.shift();
        if (say === 'silence') return;
        if (say === 'hang up') {
          for (const one of server.connections) Reflect.get(one, '_socket').destroy();
          return;
        }
        if (say) return done(refusal(say.code, say.message));
        const { mailFrom, rcptTo } = session.envelope;
        taken.push({
          from: mailFrom ? mailFrom.address : '',
          to: rcptTo.map(({ address }) => address),
          raw: raw.toString(),
          user: session.user,
        });
        done(null, 'OK taken');
      }, done);
    },
    ...options,
  });
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  return {
    port,
    taken,
    refused,
    get logins() {
      return logins;
    },
    say: (...next: Say[]) => says.push(...next),
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

export type MailServer = Awaited<ReturnType<typeof aMailServer>>;

const refusal = (responseCode: number, message: string) => Object.assign(new Error(message), { responseCode });
