import type { IncomingHttpHeaders } from 'node:http';

const MAX_NAME = 256;

/** What an answer is called as a file: as the server says, else by the end of its path. */
export function fileName(url: URL, headers: IncomingHttpHeaders): string {
  const said = dispositionName(headers['content-disposition'] ?? '');
  const last = decoded(url.pathname.split('/').findLast((part) => part !== '') ?? '');
  const name = clean(said ?? '') || clean(last) || 'download';
  return Array.from(name).slice(0, MAX_NAME).join('');
}

/** RFC 6266: the extended form wins. */
function dispositionName(disposition: string): string | undefined {
  const extended = /filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(disposition)?.[1];
  if (extended !== undefined) return decoded(extended);
  const [, quoted, token] = /filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i.exec(disposition) ?? [];
  return quoted?.replace(/\\(.)/g, '$1') ?? token;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The last part of a path, without what names must not hold. */
const clean = (name: string) =>
  (name.split(/[/\\]/).at(-1) ?? '')
    .replace(/[\u0000-\u001f\u007f]/g, '')
    .trim()
    .replace(/^\.+$/, '')
    .toWellFormed();
