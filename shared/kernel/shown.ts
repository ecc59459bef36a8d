import { isExactNumber } from './json.ts';

const MAX_CHARACTERS = 60;

/** What an author wrote, short enough for a message. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object' && value !== null && !isExactNumber(value))
    return Object.keys(value).length === 0 ? 'an empty map' : 'a map';
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}...` : text;
}

/** The words of a rule for one value, with what the author wrote instead. */
export const not =
  (rule: string) =>
  ({ input }: { input?: unknown }): string =>
    `${rule}, not ${shown(input)}`;
