import type { RequestOf } from '../../shared/api/request-of.ts';
import { created, noContent, ok } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import { pageView } from '../../shared/edge/schema.ts';
import { actorOf } from '../../shared/kernel/actor.ts';
import * as env from '../../shared/kernel/env.ts';
import { notFound } from '../../shared/kernel/problem.ts';
import { commentView } from '../../shared/run/comment/comment.http.ts';
import { type Comment, type Comments, checkRemoval, edited, keptWith, newComment } from '../../shared/run/comment/comment.ts';
import { comments as commentsOperations } from '../../shared/run/comment/operations.http.ts';
import type { Run } from '../../shared/run/model/run.ts';
import type { Runs } from '../../shared/run/ports.ts';
import { runOf } from '../../shared/run/visible.http.ts';
import { comments, now, recorder, runRows } from '../adapters.ts';

interface Services {
  runs: Runs;
  comments: Comments;
  retentionDays: number;
  now: () => Date;
}

export async function addComment({ params, body, caller }: RequestOf<'addComment'>, services: Services) {
  const run = await runOf(services, caller, params.run_id);
  const now = services.now();
  const comment = newComment(run.id, body.text, actorOf(caller), now);
  await services.comments.add(run, comment, keptWith(run, services.retentionDays, now));
  return created(commentView(comment));
}

export async function listComments({ params, query, caller }: RequestOf<'listComments'>, services: Services) {
  const { id } = await runOf(services, caller, params.run_id);
  return ok(pageView(await services.comments.list(id, { limit: query.limit, token: query.continuation_token }), commentView));
}

export async function changeComment({ params, body, caller }: RequestOf<'changeComment'>, services: Services) {
  const { run, comment } = await commentOf(services, caller, params);
  const next = edited(comment, body.text, actorOf(caller), services.now());
  if (!(await services.comments.change(run, comment, next))) throw notFound('comment', comment.id);
  return ok(commentView(next));
}

export async function deleteComment({ params, caller }: RequestOf<'deleteComment'>, services: Services) {
  const { run, comment } = await commentOf(services, caller, params);
  checkRemoval(comment, actorOf(caller), caller.role);
  await services.comments.remove(run, comment);
  return noContent();
}

async function commentOf(
  services: Services,
  caller: RequestOf<'changeComment'>['caller'],
  { run_id, comment_id }: RequestOf<'changeComment'>['params'],
): Promise<{ run: Run; comment: Comment }> {
  const run = await runOf(services, caller, run_id);
  const comment = await services.comments.get(run.id, comment_id);
  if (!comment) throw notFound('comment', comment_id);
  return { run, comment };
}

export const handler = http(
  commentsOperations,
  { addComment, listComments, changeComment, deleteComment },
  () => ({
    runs: runRows(),
    comments: comments(),
    retentionDays: env.retentionDays(),
    now,
  }),
  recorder,
);
