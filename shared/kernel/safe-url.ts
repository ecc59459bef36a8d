const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Whether steps can call this URL at all. A password in a URL would end up in logs. */
export function isCallable(url: URL): boolean {
  return (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' && url.password === '';
}

/** Whether steps can call the URL that a text is. */
export function isCallableUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && isCallable(url);
}

/** Whether nobody on the way can answer in its place: over TLS, or on this machine. */
export function isSafeUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname)));
}
