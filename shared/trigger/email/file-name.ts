import { firstWords } from '../../kernel/words.ts';

const MAX_CHARACTERS = 200;
/** The end of a name says what to open it with. */
const MAX_LOOKED_AT = 1000;
const EXTENSIONS: Record<string, string> = {
  'message/rfc822': 'eml',
  'text/calendar': 'ics',
  'application/ics': 'ics',
  'application/ms-tnef': 'dat',
  'application/pdf': 'pdf',
  'application/zip': 'zip',
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/gif': 'gif',
  'text/plain': 'txt',
  'text/html': 'html',
  'text/csv': 'csv',
};

/**
 * A name that means a file and nothing else, whatever the sender wrote: no folders, no control characters, no characters that turn the reading
 * direction, no leading dots.
 */
export function fileName(given: string | null, contentType: string, position: number): string {
  const last = (given ?? '').slice(-MAX_LOOKED_AT).toWellFormed().split(/[/\\]/).at(-1) ?? '';
  const clean = last
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '')
    .replace(/[<>:"|?*]/g, '_')
    .replace(/^[.\s]+|[.\s]+$/g, '');
  if (clean === '') return `attachment-${position}.${EXTENSIONS[contentType] ?? 'bin'}`;
  return shortened(clean);
}

/** Keeps the extension, which says what to open it with. */
function shortened(name: string): string {
  if (Array.from(name).length <= MAX_CHARACTERS) return name;
  const extension = /\.[A-Za-z0-9]{1,10}$/.exec(name)?.[0] ?? '';
  return firstWords(name, MAX_CHARACTERS - extension.length) + extension;
}
