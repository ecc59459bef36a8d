import type { ConnectionStatus } from '../../connection/connection.ts';
import type { OpenConnection } from '../../connection/open-connection.ts';
import { maskOf } from '../../kernel/mask.ts';
import { StepError } from '../../kernel/step-error.ts';
import type { Network } from '../http/agents.ts';
import { greet } from './smtp.ts';

const TIME_LIMIT_MS = 15_000;

/** Greets the mail server of a connection and logs in; answers how the connection stands. */
export async function trySmtp(
  connection: OpenConnection,
  { network, now }: { network: Network; now: () => Date },
): Promise<ConnectionStatus> {
  const signal = AbortSignal.timeout(TIME_LIMIT_MS);
  const hidden = connection.secrets.flatMap((secret) => Object.values(secret));
  const conceal = (secret: string) => void hidden.push(secret);
  const since = () => now().toISOString();
  try {
    await greet({ ...connection, conceal, report: async () => {} }, { network, signal });
    return { state: 'connected', since: since() };
  } catch (error) {
    const reason = signal.aborted ? 'Its mail server did not answer within 15 s' : maskOf(hidden).text(reasonOf(error));
    return { state: 'not_connected', since: since(), reason: reason.slice(0, 500) };
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof StepError) return error.message;
  throw error;
}
