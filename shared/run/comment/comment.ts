import * as z from 'zod';
import { type Actor, actor } from '../../kernel/actor.ts';
import { FOREVER } from '../../kernel/hold.ts';
import { newId } from '../../kernel/id.ts';
import type { Page, PageOf } from '../../kernel/page.ts';
import { Problem } from '../../kernel/problem.ts';
import type { Role } from '../../kernel/role.ts';
import { keptUntil } from '../model/project.ts';
import type { Run } from '../model/run.ts';

/** What a person has to say of a run. */
export const comment = z.object({
  id: z.string(),
  runId: z.string(),
  actor,
  text: z.string(),
  createdAt: z.string(),
  editedAt: z.string().optional(),
});
export type Comment = z.infer<typeof comment>;

export type CommentedRun = Pick<Run, 'id' | 'name' | 'project'>;

export interface Comments {
  /** `until`: when its row may go, in seconds since 1970. */
  add(run: CommentedRun, comment: Comment, until: number): Promise<void>;
  get(runId: string, id: string): Promise<Comment | undefined>;
  /** Writes its text and when it was edited; false when it is gone. */
  change(run: CommentedRun, seen: Comment, next: Comment): Promise<boolean>;
  remove(run: CommentedRun, comment: Comment): Promise<void>;
  /** Of one run, newest first. */
  list(runId: string, page: PageOf): Promise<Page<Comment>>;
  /** How many there are of one run. */
  count(runId: string): Promise<number>;
}

/** For how long a comment can be corrected: afterwards somebody may have acted on it. */
export const EDITABLE_MINUTES = 15;

export function newComment(runId: string, text: string, actor: Actor, now: Date): Comment {
  return { id: newId(now.getTime()), runId, actor, text, createdAt: now.toISOString() };
}

/** Until when it is kept, in seconds since 1970: as long as its run, however late that ends. */
export const keptWith = (
  { endedAt, deadline, hold, workflowHold }: Pick<Run, 'endedAt' | 'deadline' | 'hold' | 'workflowHold'>,
  retentionDays: number,
  now: Date,
) =>
  hold || workflowHold ? FOREVER : keptUntil(new Date(endedAt ?? Math.max(Date.parse(deadline), now.getTime())), retentionDays);

const isOwn = ({ actor }: Comment, { kind, id }: Actor) => actor.kind === kind && actor.id === id;

/** The comment with another text. Throws `forbidden` for one that somebody else has written, `conflict` for one that is too old. */
export function edited(comment: Comment, text: string, actor: Actor, now: Date): Comment {
  if (!isOwn(comment, actor))
    throw new Problem('forbidden', `Comment "${comment.id}" is by ${comment.actor.name}, who alone can change it.`);
  if (now.getTime() - Date.parse(comment.createdAt) > EDITABLE_MINUTES * 60_000)
    throw new Problem(
      'conflict',
      `Comment "${comment.id}" is of ${comment.createdAt} and can be changed for ${EDITABLE_MINUTES} minutes. Write another one.`,
    );
  return { ...comment, text, editedAt: now.toISOString() };
}

/** Throws `forbidden` unless it is their own, or they are an admin. */
export function checkRemoval(comment: Comment, actor: Actor, role: Role): void {
  if (role === 'admin' || isOwn(comment, actor)) return;
  throw new Problem(
    'forbidden',
    `Comment "${comment.id}" is by ${comment.actor.name}. Its author can delete it, or a key or member with the role admin.`,
  );
}
