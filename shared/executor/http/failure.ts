import { MASK } from '../../kernel/mask.ts';
import { StepError } from '../../kernel/step-error.ts';
import { withoutSecretParameters } from '../../step/http/secret-names.ts';
import type { HttpRequest } from './request.ts';

const EXCERPT_CHARS = 500;
const DATA_CHARS = 2000;
const TELLING_HEADERS = [
  'content-type',
  'date',
  'location',
  'retry-after',
  'server',
  'www-authenticate',
  'x-amzn-requestid',
  'x-request-id',
];

/** An answer as far as a failure tells about it. */
export interface FailedAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** The start of the body as text. */
  body: string;
}

/** The failure of an answer that the step did not expect. */
export function unexpectedAnswer(request: HttpRequest, { status, headers, body }: FailedAnswer, now: Date): StepError {
  const text = withoutSecretParameters(body, MASK);
  const start = text.trim().slice(0, EXCERPT_CHARS);
  const retryAfterSeconds = asksToWait(status) ? secondsUntil(headers['retry-after'], now) : undefined;
  return new StepError(nameOf(status), `${describe(request)} answered ${status}${start && `: ${start}`}`, {
    status,
    headers: Object.fromEntries(TELLING_HEADERS.flatMap((name) => told(name, headers[name]))),
    body: text.slice(0, DATA_CHARS),
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  });
}

const told = (name: string, value: string | string[] | undefined) =>
  value === undefined
    ? []
    : [
        [
          name,
          [value]
            .flat()
            .map((one) => withoutSecretParameters(one, MASK))
            .join(', '),
        ],
      ];

function nameOf(status: number): string {
  if (status === 429) return 'TooManyRequests';
  return status >= 500 ? 'HttpServerError' : 'HttpClientError';
}

/** RFC 6585, 4 and RFC 9110, 15.6.4: what has too much to do may say for how long. */
const asksToWait = (status: number) => status === 429 || status === 503;

/** What `Retry-After` says, in seconds from now: RFC 9110, 10.2.3. */
export function secondsUntil(retryAfter: string | string[] | undefined, now: Date): number | undefined {
  if (typeof retryAfter !== 'string') return undefined;
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - now.getTime()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : undefined;
}

/** Method and URL without the query, which may hold secrets. */
export function describe({ method, url }: Pick<HttpRequest, 'method' | 'url'>): string {
  return `${method} ${url.origin}${url.pathname}`;
}

/** The failure of a call that got no whole answer. */
export function noAnswer(request: HttpRequest, cause: unknown): StepError {
  const { hostname: host, port, protocol } = request.url;
  return unreachable(describe(request), { host, port: port || (protocol === 'https:' ? 443 : 80) }, cause);
}

/** The failure of what did not reach the other side, or heard nothing of it. */
export function unreachable(what: string, { host, port }: { host: string; port: number | string }, cause: unknown): StepError {
  if (cause instanceof StepError) return cause;
  const code = codeOf(cause);
  const message = `${what} failed: ${host}:${port} ${explain(code, cause)}${code && ` (${code})`}`;
  return new StepError('ConnectionFailed', message, { code, host });
}

function codeOf(cause: unknown): string {
  if (!(cause instanceof Error)) return '';
  if ('code' in cause && typeof cause.code === 'string') return cause.code;
  return cause instanceof AggregateError ? codeOf(cause.errors[0]) : '';
}

const EXPLANATIONS: [RegExp, string][] = [
  [/^ECONNREFUSED$/, 'refused the connection'],
  [/^ENOTFOUND$/, 'is not a known host'],
  [/^EAI_/, 'could not be resolved'],
  [/^(ECONNRESET|EPIPE|ERR_STREAM_PREMATURE_CLOSE)$/, 'closed the connection before the whole answer had arrived'],
  [/^ETIMEDOUT$/, 'did not accept a connection in time'],
  [/^E(HOST|NET)UNREACH$/, 'cannot be reached'],
  [/^HPE_/, 'answered with something that is not HTTP'],
  [/^(Z_|ERR__ERROR|ERR_BROTLI|ERR_PADDING)/, 'answered with a body that is not encoded as its headers say'],
  [/CERT|SIGNATURE|SELF_SIGNED|ISSUER|CRL/, 'has a certificate that is not trusted'],
  [/^(EPROTO|ERR_SSL|ERR_TLS)/, 'and this client found no way to speak TLS'],
];

function explain(code: string, cause: unknown): string {
  const known = EXPLANATIONS.find(([pattern]) => pattern.test(code));
  return known?.[1] ?? (cause instanceof Error ? cause.message : String(cause));
}
