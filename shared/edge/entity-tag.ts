import { Problem } from '../kernel/problem.ts';

/** The hash of something as the header `ETag`. */
export const entityTag = (hash: string) => ({ etag: `"${hash}"` });

const TAG = /^"?([\w-]{1,100})"?$/;
const MOST_TAGS = 10;

/** The tags of an `If-Match`; undefined where anything may stand. Throws `invalid` for what is none, weak tags included: they say that something is much the same. */
export function readIfMatch(header: string | undefined): string[] | undefined {
  if (header === undefined || header.trim() === '*') return undefined;
  const given = header.split(',').map((tag) => tag.trim());
  const tags = given.flatMap((tag) => TAG.exec(tag)?.[1] ?? []);
  if (tags.length === given.length && tags.length <= MOST_TAGS) return tags;
  throw new Problem('invalid', 'The header If-Match must be the ETag of what was read, such as "5f2b...", or *.', [
    { name: 'if-match', value: header },
  ]);
}
