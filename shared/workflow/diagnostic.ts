import { suggest } from '../kernel/suggest.ts';

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

/** A finding about a word that is none of the known ones. */
export function unknownWord(what: string, word: string, known: Iterable<string>): { message: string; suggestion?: string } {
  const suggestion = suggest(word, known);
  const message = `${what} ${JSON.stringify(word)}`;
  return suggestion === undefined
    ? { message }
    : { message: `${message}, did you mean ${JSON.stringify(suggestion)}?`, suggestion };
}
