/** The first `max` characters, none of them halved. */
export const firstWords = (text: string, max: number) =>
  text.length <= max
    ? text
    : Array.from(text.slice(0, max * 2))
        .slice(0, max)
        .join('');

/** One line: what could begin another one, or hide, is a space. */
export const oneLine = (text: string) =>
  text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim();
