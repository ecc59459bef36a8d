import * as z from 'zod';
import type { LeafKind } from './kind.ts';

const schema = z.record(z.string(), z.unknown());

const maxTokens = z.int().min(1).max(200_000);
const fileId = z.string().min(1, 'must be the id of a file');
const oneOrMore = z.union([fileId, z.array(fileId).max(20, 'must name 20 files at most')]);

/** The form of an llm step after evaluation. */
export type LlmSpec = z.infer<typeof resolved>;

const authored = z.strictObject({
  connection: z.string().min(1).describe('A connection of type anthropic, openai or bedrock.'),
  model: z.string().min(1).optional().describe('The model; that of the connection unless given.'),
  system: z.string().optional().describe('What the model is to keep to.'),
  prompt: z.string().min(1).describe('What it is asked.'),
  attachments: oneOrMore.optional().describe('Ids of files that it is shown: PDFs, images, texts.'),
  schema: schema.optional().describe('JSON Schema of the answer; without one the answer is a text.'),
  maxTokens: maxTokens.optional().describe('How long the answer may be.'),
});

const resolved = z.strictObject({
  connection: z.string().min(1),
  model: z.string().min(1).nullish(),
  system: z.string().nullish(),
  prompt: z.string().min(1, 'must not be empty'),
  attachments: oneOrMore.nullish().transform((ids) => [ids ?? []].flat()),
  schema: schema.optional(),
  maxTokens: maxTokens.nullish(),
});

/** Asks a language model; its result is a text, or what the schema demands. */
export const llm: LeafKind<LlmSpec> = {
  shape: 'leaf',
  name: 'llm',
  schema: authored,
  resolved,
  jsonSchemas: ['schema'],
};
