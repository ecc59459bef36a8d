import * as z from 'zod';
import { actor } from '../kernel/actor.ts';
import { hold } from '../kernel/hold.ts';
import type { Document } from './document.ts';
import { retention } from './retention.ts';

/** A named process: one draft, numbered versions, a switch. */
export const workflow = z.object({
  id: z.string(),
  workspace: z.string(),
  project: z.string(),
  name: z.string(),
  title: z.string().optional(),
  description: z.string().optional(),
  enabled: z.boolean(),
  /** Names of the connections that its document lists. */
  connections: z.array(z.string()).optional(),
  /** The draft's definition and when it was saved. */
  draft: z.object({ definition: z.string(), savedAt: z.string(), savedBy: actor }),
  /** The newest version and its definition. */
  published: z.object({ version: z.int(), definition: z.string() }).optional(),
  /** What stands under the inputs of a start by hand. */
  startDefaults: z
    .object({
      inputs: z.record(z.string(), z.unknown()).optional(),
      name: z.string().optional(),
      reference: z.string().optional(),
      connectionOverrides: z.record(z.string(), z.string()).optional(),
    })
    .optional(),
  /** For how many days its runs are kept, where the workspace says otherwise. */
  retention: retention.optional(),
  /** The legal hold that it and its runs are under. */
  hold: hold.optional(),
  /** Where the hold, or its end, goes on with older runs. */
  holdFrom: z.string().optional(),
  createdAt: z.string(),
  updatedAt: z.string(),
  deletedAt: z.string().optional(),
});
export type Workflow = z.infer<typeof workflow>;

/** Whether it is the workflow of that id, or has the words in its name, title or description. */
export function isAbout({ id, name, title, description }: Workflow, words: string): boolean {
  const text = words.toLowerCase();
  return id === words.toUpperCase() || [name, title, description].some((one) => one?.toLowerCase().includes(text));
}

/** An immutable text, named by the SHA-256 of it and of what it is pinned to. */
export const definition = z.object({
  hash: z.string(),
  source: z.string(),
  /** By step id, what its `run` steps start. */
  pins: z.record(z.string(), z.object({ workflow: z.string(), definition: z.string(), version: z.int().nullable() })).default({}),
});
export type Definition = z.infer<typeof definition>;

/** What the engine goes by: the document as it was checked, so that no function but the one that saves it has to read texts. */
export interface CheckedDefinition {
  document: Document;
  pins: Definition['pins'];
}

export const version = z.object({
  number: z.int(),
  definition: z.string(),
  note: z.string().optional(),
  publishedAt: z.string(),
  publishedBy: actor,
});
export type Version = z.infer<typeof version>;
