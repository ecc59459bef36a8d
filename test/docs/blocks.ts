import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The fenced blocks of one language in a document of this repository, in their order. */
export function blocksOf(document: string, language: string): string[] {
  const text = readFileSync(join(import.meta.dirname, '../..', document), 'utf8');
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].flatMap(([, fenced, block = '']) =>
    fenced === language ? [block] : [],
  );
}
