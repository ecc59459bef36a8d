import * as z from 'zod';
import { type Actor, actor } from '../kernel/actor.ts';
import { newId } from '../kernel/id.ts';
import type { Page } from '../kernel/page.ts';
import { ROLES } from '../kernel/role.ts';

/** A person with a role in a project, or in the whole workspace. */
export const member = z.object({
  id: z.string(),
  workspace: z.string(),
  /** Absent: every project of the workspace. */
  project: z.string().optional(),
  /** In lower case. */
  email: z.string(),
  name: z.string(),
  role: z.enum(ROLES),
  createdAt: z.string(),
  createdBy: actor,
});
export type Member = z.infer<typeof member>;

export interface Members {
  /** False when that address is a member there already. */
  add(member: Member): Promise<boolean>;
  /** Writes what is named; undefined when the member is gone. */
  change(member: Member, changes: Partial<Pick<Member, 'name' | 'role'>>): Promise<Member | undefined>;
  remove(member: Member): Promise<void>;
  /** The member of that id in the workspace. */
  find(workspace: string, id: string): Promise<Member | undefined>;
  /** Wherever that address is a member. */
  withEmail(email: string): Promise<Member[]>;
  /** Of one workspace, newest first. */
  list(workspace: string, limit: number, token?: string): Promise<Page<Member>>;
}

export const newMember = (
  person: Pick<Member, 'workspace' | 'project' | 'email' | 'name' | 'role'>,
  createdBy: Actor,
  now: Date,
): Member => ({ ...person, id: newId(now.getTime()), createdAt: now.toISOString(), createdBy });
