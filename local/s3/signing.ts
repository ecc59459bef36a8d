import { createHmac } from 'node:crypto';

/** The secret of the credentials that functions are given here. */
const SECRET = 'local';

/** Version 4: `scope` is `<date>/<region>/<service>/aws4_request`. */
export function signatureOf(text: string, scope: string): string {
  const key = scope.split('/').reduce<string | Buffer>((made, part) => hmac(made, part), `AWS4${SECRET}`);
  return hmac(key, text).toString('hex');
}

/** `AKID/<date>/<region>/<service>/aws4_request` without the key's id. */
export const scopeOf = (credential: string) => credential.split('/').slice(-4).join('/');

const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
