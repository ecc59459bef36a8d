import { schemeOf } from './schemes.ts';
import type { Webhook } from './webhook.ts';

const BODY = '{"test":true}';
const GOOD_FOR_MS = 5 * 60_000;

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
