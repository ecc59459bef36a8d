import * as z from 'zod';
import { StepError } from '../kernel/step-error.ts';
import { breakerOf, type Limits } from './limits.ts';

/** The other side is out of order: nobody calls it, but one who tries now and then. */
export const circuit = z.object({
  openedAt: z.string(),
  /** When somebody may try. */
  tryAt: z.string(),
  /** How the last call before has failed. */
  reason: z.string(),
});
export type Circuit = z.infer<typeof circuit>;

interface Guarded {
  limits?: Limits | undefined;
  circuit?: Circuit | undefined;
}

/** Whether a call may be made: it is one that `tries`, `asked` for by a person since, or as ever. */
export type Passage = 'open' | 'tries' | 'asked' | 'closed';

/** `askedAt`: when a person has said of the step that it should be tried again. */
export function passageOf({ circuit: open, limits }: Guarded, now: Date, askedAt?: string): Passage {
  if (!open || breakerOf(limits).failures === 0) return 'closed';
  if (askedAt !== undefined && askedAt > open.openedAt) return 'asked';
  return open.tryAt <= now.toISOString() ? 'tries' : 'open';
}

/** Names that speak of the other side, not of what it was asked. */
const OUT_OF_ORDER: ReadonlySet<string> = new Set(['ConnectionFailed', 'HttpServerError', 'Timeout', 'LlmRequestFailed']);
/** Nobody has called, or somebody has answered. */
const ANSWERED: ReadonlySet<string> = new Set([
  'HttpClientError',
  'TooManyRequests',
  'CredentialRejected',
  'McpToolFailed',
  'LlmOutputInvalid',
  'MailRefused',
]);
/** What was never sent says nothing of the other side. */
const NOT_SENT = new Set(['ADDRESS_REFUSED', 'CIRCUIT_OPEN']);

const telling = z.looseObject({ code: z.string().optional(), status: z.number().optional(), circuit: z.string().optional() });

/** What a call tells of the other side: that it answers, that it is out of order, or nothing. */
export function toldBy(error: unknown): 'answers' | 'fails' | undefined {
  if (!(error instanceof StepError)) return undefined;
  const { code = '', status = 500 } = telling.safeParse(error.data).data ?? {};
  if (NOT_SENT.has(code)) return undefined;
  if (error.name === 'LlmRequestFailed' && status < 500) return 'answers';
  if (OUT_OF_ORDER.has(error.name)) return 'fails';
  return ANSWERED.has(error.name) ? 'answers' : undefined;
}

/** The connection because of which a step was not executed, or not to the end: its circuit is open. */
export const openCircuitIn = (data: unknown): string | undefined => telling.safeParse(data).data?.circuit;

/** What a step fails with whose call is not made. */
export const notCalled = (name: string, { openedAt, reason, tryAt }: Circuit) =>
  new StepError(
    'ConnectionFailed',
    `Connection "${name}" is not called since ${openedAt}, when it had failed too often in a row, the last time with: ${reason}. One call is let through at ${tryAt}.`,
    { code: 'CIRCUIT_OPEN', circuit: name },
  );

/** The failure of a call that was one too many: the question to people is that of all who meet the connection from now on. */
export const lastStraw = ({ name: error, message, data }: StepError, name: string) =>
  new StepError(error, message, Object.assign({}, data, { circuit: name }));
