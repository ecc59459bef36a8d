/** Words that give a credential away as the name of a header or parameter: `x-functions-key`, `client_secret`, `X-Amz-Signature`. */
const SECRET_WORDS = new Set([
  'auth',
  'authentication',
  'authorization',
  'bearer',
  'cookie',
  'credential',
  'credentials',
  'jwt',
  'key',
  'passphrase',
  'passwd',
  'password',
  'pwd',
  'secret',
  'session',
  'sessionid',
  'sid',
  'sig',
  'signature',
  'token',
]);
/** How names end that say so wherever they stand, with nothing between their words: `apikey`, `accesstoken`. */
const SECRET_END = /(apikey|passphrase|password|passwd|privatekey|secret|signature|token)$/;
/** Sent by ourselves, and no secret. */
const OPEN_NAMES = new Set(['idempotency-key']);

/** Whether what stands under this name of a header or query parameter is a credential. */
export function isSecretName(name: string): boolean {
  if (OPEN_NAMES.has(name.toLowerCase())) return false;
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return words.some((word) => SECRET_WORDS.has(word)) || isSecretField(name);
}

/** Whether a field of a body is one: there, a `key` or a `session` is mostly something else. */
export const isSecretField = (name: string): boolean => SECRET_END.test(name.toLowerCase().replace(/[^a-z0-9]/g, ''));

const PARAMETER = /([?&;])([^=&?#\s"'<>]{1,100})=([^&#\s"'<>]*)/g;

/** A text with every `?name=value` replaced whose name gives a credential away. */
export function withoutSecretParameters(text: string, replacement: string): string {
  return text.replace(PARAMETER, (whole, before: string, name: string) =>
    isSecretName(plain(name)) ? `${before}${name}=${replacement}` : whole,
  );
}

/** The values that such parameters have in a text, as they stand and decoded. */
export function secretParameters(text: string): string[] {
  return [...text.matchAll(PARAMETER)].flatMap(([, , name = '', value = '']) =>
    isSecretName(plain(name)) ? [value, plain(value)] : [],
  );
}

function plain(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
