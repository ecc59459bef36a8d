import type { Seals } from '../../kernel/seals.ts';
import { isSame } from './scheme.ts';
import type { Webhook } from './webhook.ts';

/** The secrets that are valid at that time, the newest first: two while one follows the other. */
export async function secretsOf(seals: Seals, webhook: Webhook, at: Date): Promise<string[]> {
  const valid = webhook.secrets.filter(({ until }) => until === undefined || until > at.toISOString());
  return Promise.all(valid.map(({ sealed }) => seals.open(sealed, { webhook: webhook.id })));
}

/** Whether the end of a URL is that of the webhook. */
export function isToken({ token }: Webhook, secrets: string[], given: string): boolean {
  const valid = token === undefined ? secrets : [token];
  return valid.map((one) => isSame(given, one)).includes(true);
}
