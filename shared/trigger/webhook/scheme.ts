import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { Problem } from '../../kernel/problem.ts';
import type { Signature } from './webhook.ts';

/** A request as it was signed: every byte of it. Header names are lower-case. */
export interface WebhookRequest {
  method: string;
  headers: Record<string, string>;
  query: Record<string, string>;
  body: Buffer;
}

/** How a sender proves who it is, and names what it sends. */
export interface Scheme {
  /** A fresh secret in the form that senders of this scheme expect. */
  newSecret(): string;
  /** Why a secret that was given cannot be one; undefined if it can. */
  secretProblem(secret: string): string | undefined;
  /** Throws `Problem` `unauthenticated` unless one of the secrets has signed the request, near `at` where the scheme has time. */
  verify(request: WebhookRequest, secrets: string[], at: Date, signature: Signature | undefined): void;
  /** The sender's own name for the request, the same when it is sent again. */
  deliveryId(request: WebhookRequest): string | undefined;
  /** What a sender that asks whether this is its receiver wants to hear. */
  challenge?(request: WebhookRequest): string | undefined;
  /** The field in which the sender puts its JSON when it sends a form. */
  jsonField?(signature: Signature | undefined): string | undefined;
  /** The headers that a sender with this secret would send. */
  sign(body: string, secret: string, at: Date, signature: Signature | undefined): Record<string, string>;
  /** Its signatures are good for five minutes only. */
  timed: boolean;
}

const TOLERANCE_SECONDS = 5 * 60;

export const refused = (message: string) => new Problem('unauthenticated', message);

export const wrongSignature = () =>
  refused('The signature does not fit: it was made with another secret, or over other bytes than those that arrived.');

/** A header that the scheme cannot do without. */
export function headerOf({ headers }: WebhookRequest, name: string): string {
  const value = headers[name];
  if (value === undefined || value === '') throw refused(`The header ${name} is missing.`);
  return value;
}

/** Refuses a time, in seconds since 1970, that is more than five minutes away. */
export function checkTime(text: string, at: Date): void {
  if (!/^\d{1,12}$/.test(text)) throw refused('The timestamp is not a number of seconds since 1970.');
  const late = at.getTime() / 1000 - Number(text);
  if (Math.abs(late) > TOLERANCE_SECONDS)
    throw refused(`The timestamp is ${Math.round(Math.abs(late))} s ${late > 0 ? 'old' : 'ahead'}; five minutes are allowed.`);
}

/** Compares in a time that tells nothing of where the two differ, nor how long the expected one is. */
export function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

export const hmac = (secret: string, encoding: 'hex' | 'base64', ...parts: (string | Buffer)[]) =>
  parts.reduce((made, part) => made.update(part), createHmac('sha256', secret)).digest(encoding);

/** Whether any of the given signatures is that of any secret. Looks at every pair, whichever fits. */
export function anySigned(given: string[], secrets: string[], sign: (secret: string) => string): boolean {
  const matches = secrets.flatMap((secret) => {
    const expected = sign(secret);
    return given.map((one) => isSame(one, expected));
  });
  return matches.includes(true);
}

export const plainSecretProblem = (secret: string) => (secret.length < 8 ? 'must have at least 8 characters' : undefined);

export const secondsOf = (at: Date) => String(Math.floor(at.getTime() / 1000));

/** A field of a JSON body, when it is a text. */
export function fieldOf({ body }: WebhookRequest, name: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(body.toString());
    if (typeof parsed !== 'object' || parsed === null || !Object.hasOwn(parsed, name)) return undefined;
    const value: unknown = Reflect.get(parsed, name);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
