/** Something to say about a document, at a place in its text. */
export interface Diagnostic {
  /** Steps by id: `steps.extract.llm`. Empty for the document itself. */
  path: string;
  /** From 1. */
  line: number;
  /** From 1. */
  column: number;
  /** Begins with the path: `steps.extract.llm: unknown key "promt", did you mean "prompt"?`. */
  message: string;
  suggestion?: string;
  severity: 'error' | 'warning';
}

/** A diagnostic before it has found its place in the text. */
export interface Finding {
  /** Keys and indices from the root of the document. */
  at: PropertyKey[];
  /** Where the text is marked, if elsewhere: the key, not the map that has it. */
  mark?: PropertyKey[];
  message: string;
  suggestion?: string | undefined;
  severity?: 'warning';
}

/** The word of `known` that `word` was probably meant to be. */
export function suggest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const distance = distanceOf(word.toLowerCase(), candidate.toLowerCase(), least);
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** A finding about a word that is none of the known ones. */
export function unknownWord(what: string, word: string, known: Iterable<string>): { message: string; suggestion?: string } {
  const suggestion = suggest(word, known);
  const message = `${what} ${JSON.stringify(word)}`;
  return suggestion === undefined
    ? { message }
    : { message: `${message}, did you mean ${JSON.stringify(suggestion)}?`, suggestion };
}

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
