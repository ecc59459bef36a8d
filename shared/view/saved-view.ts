import * as z from 'zod';
import { actor } from '../kernel/actor.ts';
import { newId } from '../kernel/id.ts';

/** A filter of runs that somebody has given a name, for themselves or for all who may see its project. */
export const savedView = z.object({
  id: z.string(),
  workspace: z.string(),
  /** Absent: it is about every project of the workspace. */
  project: z.string().optional(),
  /** A name is one of its owner's. */
  owner: actor,
  name: z.string(),
  shared: z.boolean(),
  /** As the API writes it. */
  filter: z.record(z.string(), z.unknown()),
  /** How far back it looks from whenever it is opened: `7d`. */
  last: z.string().optional(),
  /** What is shown of the runs. */
  columns: z.array(z.string()).optional(),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type SavedView = z.infer<typeof savedView>;

export interface SavedViews {
  /** Writes it in the place of the one that was seen, or as a new one; false when somebody else was faster. */
  save(view: SavedView, seen: SavedView | undefined): Promise<boolean>;
  /** Whoever is gone already stays gone. */
  remove(view: SavedView): Promise<void>;
  /** All of one owner, by name. */
  own(workspace: string, ownerId: string): Promise<SavedView[]>;
  /** All that are shared in a workspace. */
  shared(workspace: string): Promise<SavedView[]>;
}

export type ViewRequest = Pick<SavedView, 'workspace' | 'project' | 'owner' | 'name' | 'shared' | 'filter' | 'last' | 'columns'>;

/** The view as it is from now on. */
export function viewAfter(seen: SavedView | undefined, request: ViewRequest, now: Date): SavedView {
  const at = now.toISOString();
  return { ...request, id: seen?.id ?? newId(now.getTime()), createdAt: seen?.createdAt ?? at, updatedAt: at };
}
