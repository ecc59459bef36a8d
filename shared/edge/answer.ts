import { willPass } from '../aws/will-pass.ts';
import { type Detail, Problem, type ProblemKind } from '../kernel/problem.ts';
import { StoreBusy } from '../kernel/store-busy.ts';

/** What an action answers: a text and bytes go out as they are, anything else as JSON. */
export interface Answer {
  status: number;
  body?: unknown;
  /** The bytes of the body packed with gzip, for whoever can unpack them. */
  packed?: Uint8Array | undefined;
  headers?: Record<string, string>;
}

export const ok = (body: unknown): Answer => ({ status: 200, body });
export const created = (body: unknown, headers?: Record<string, string>): Answer => ({
  status: 201,
  body,
  ...(headers && { headers }),
});
export const accepted = (body: unknown): Answer => ({ status: 202, body });
export const noContent = (): Answer => ({ status: 204 });

const STATUS: Record<ProblemKind, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'too-large': 413,
  unsupported: 415,
  document: 422,
  busy: 429,
  unavailable: 503,
};

/** What passes, and in how many seconds one may ask again. */
const RETRY_AFTER: Partial<Record<ProblemKind, string>> = { busy: '1', unavailable: '5' };

/** What a refusal repeats of a request is cut, so that the answer to a large mistake stays small. */
const MOST_DETAILS = 200;
const MOST_CHARACTERS = 500;

const cut = (text: string) => (text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}...` : text).toWellFormed();
const cutDetail = ({ name, value }: Detail): Detail => ({
  name: cut(name),
  value: typeof value === 'string' ? cut(value) : value,
});

const errorBody = (status_code: number, message: string, details: Detail[]) => ({
  status_code,
  message: cut(message),
  details: details.length > 0 ? details.slice(0, MOST_DETAILS).map(cutDetail) : null,
});

/** The answer to whatever was thrown. */
export function refusal(error: unknown, requestId: string): Answer {
  if (error instanceof Problem) {
    const after = RETRY_AFTER[error.kind];
    return {
      status: STATUS[error.kind],
      ...(after !== undefined && { headers: { 'retry-after': after } }),
      body: errorBody(STATUS[error.kind], error.message, error.details),
    };
  }
  if (error instanceof StoreBusy || willPass(error)) {
    return {
      status: 429,
      headers: { 'retry-after': '1' },
      body: errorBody(429, 'Too many requests at the moment. Try again in a second.', []),
    };
  }
  return { status: 500, body: errorBody(500, 'Something went wrong on our side.', [{ name: 'request_id', value: requestId }]) };
}
