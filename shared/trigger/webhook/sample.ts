import { newId } from '../../kernel/id.ts';
import type { WebhookRequest } from './scheme.ts';
import { schemeOf } from './schemes.ts';
import type { Webhook } from './webhook.ts';

const BODY = '{"test":true}';
const GOOD_FOR_MS = 5 * 60_000;

/** A request as the sender would sign it. Its body is another one each time unless it is given, so that it is no repeat of the one before. */
export function sampleRequest(webhook: Webhook, secret: string, at: Date, given: unknown): WebhookRequest {
  const body = JSON.stringify(given === undefined ? { test: true, id: `test_${newId(at.getTime())}` } : given);
  const signed = schemeOf(webhook).sign(body, secret, at, webhook.signature);
  const headers = { 'content-type': 'application/json', ...signed };
  return { method: 'POST', headers, query: {}, body: Buffer.from(body) };
}

/** A signed request to try the webhook with; where the scheme has time it is good for five minutes. */
export function sampleCurl(webhook: Webhook, url: string, secret: string, at: Date): { curl: string; until: string | null } {
  const scheme = schemeOf(webhook);
  const headers = { 'content-type': 'application/json', ...scheme.sign(BODY, secret, at, webhook.signature) };
  const flags = Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`);
  return {
    curl: ['curl', '-X POST', quoted(url), ...flags, `-d ${quoted(BODY)}`].join(' '),
    until: scheme.timed ? new Date(at.getTime() + GOOD_FOR_MS).toISOString() : null,
  };
}

const quoted = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`;
