import { parse } from 'yaml';
import { z } from 'zod';
import { parseJson } from '../../shared/kernel/json.ts';
import { allBlocksOf } from './blocks.ts';

const outcome = z.looseObject({
  inputs: z.record(z.string(), z.unknown()).default({}),
  status: z.string(),
  outputs: z.unknown(),
});

/** A document that docs/workflow-format.md shows, and what the page says comes of it. */
export interface Example {
  name: string;
  definition: string;
  runs: {
    inputs: Record<string, unknown>;
    /** Fields of the run once it has ended. */
    says: Record<string, unknown>;
  }[];
}

const blocks = allBlocksOf('docs/workflow-format.md');

const followed = (language: string) =>
  blocks.flatMap(({ language: own, text }, index) => {
    const next = blocks[index + 1];
    return own === 'yaml' && next?.language === language ? [{ definition: text, next: next.text }] : [];
  });

export const documents: string[] = blocks.flatMap(({ language, text }) => (language === 'yaml' ? [text] : []));

export const examples: Example[] = followed('json').map(({ definition, next }) => ({
  name: z.object({ name: z.string() }).parse(parse(definition)).name,
  definition,
  runs: [parseJson(next)].flat().map((one) => {
    const { inputs, ...says } = outcome.parse(one);
    return { inputs, says };
  }),
}));

/** Documents that are not right, and what is said of them. */
export const refused: { definition: string; said: string }[] = followed('text').map(({ definition, next }) => ({
  definition,
  said: next,
}));
