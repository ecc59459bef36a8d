import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Block {
  language: string;
  text: string;
}

/** The fenced blocks of a document of this repository, in their order. */
export function allBlocksOf(document: string): Block[] {
  const text = readFileSync(join(import.meta.dirname, '../..', document), 'utf8');
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = '', block = '']) => ({ language, text: block }));
}

/** Those of one language. */
export function blocksOf(document: string, language: string): string[] {
  return allBlocksOf(document).flatMap((block) => (block.language === language ? [block.text] : []));
}
