/** So many words that look alike are compared: a document may hold thousands, and as many that are misspelt. */
const MOST_COMPARED = 100;

/** The word of `known` that `word` was probably meant to be. */
export function suggest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  let compared = 0;
  for (const candidate of known) {
    if (!looksAlike(word, candidate, least)) continue;
    compared += 1;
    if (compared > MOST_COMPARED) break;
    const distance = distanceOf(word.toLowerCase(), candidate.toLowerCase(), least);
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** Who misspells a word mostly leaves its first or its last letter. */
function looksAlike(a: string, b: string, limit: number): boolean {
  if (Math.abs(a.length - b.length) >= limit) return false;
  return isSame(a.charCodeAt(0), b.charCodeAt(0)) || isSame(a.charCodeAt(a.length - 1), b.charCodeAt(b.length - 1));
}

/** Small letters and capitals differ in one bit. */
const isSame = (a: number, b: number) => (a | 32) === (b | 32);

/** Levenshtein distance in which two neighbours changing places count once; `limit` when it is that or more. */
function distanceOf(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit || a.length > 60) return limit;
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1] ? 0 : 1;
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1] ? at(before, column - 2) + 1 : Infinity;
      current.push(Math.min(at(above, column) + 1, at(current, column - 1) + 1, at(above, column - 1) + same, swapped));
    }
    [before, above] = [above, current];
  }
  return at(above, b.length);
}

function at(row: number[], column: number): number {
  return row[column] ?? Infinity;
}
