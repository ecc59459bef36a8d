import * as z from 'zod';
import { operation } from '../../edge/route.ts';
import { listQuery, resourceId } from '../../edge/schema.ts';
import { commentBody, commentEntries, commentEntry } from './comment.http.ts';

const at = { tag: 'runs', entry: 'api/comments' } as const;
const ofRun = z.object({ run_id: resourceId });
const params = ofRun.extend({ comment_id: resourceId });

export const comments = {
  addComment: operation({
    ...at,
    method: 'POST',
    path: '/v1/runs/{run_id}/comments',
    summary: 'Comment on a run',
    act: 'comment.add',
    role: 'operator',
    params: ofRun,
    body: commentBody,
    responses: { 201: commentEntry },
  }),
  listComments: operation({
    ...at,
    method: 'GET',
    path: '/v1/runs/{run_id}/comments',
    summary: 'Comments on a run, newest first',
    params: ofRun,
    query: z.strictObject(listQuery(25)),
    responses: { 200: commentEntries },
  }),
  changeComment: operation({
    ...at,
    method: 'PATCH',
    path: '/v1/runs/{run_id}/comments/{comment_id}',
    summary: 'Change a comment of your own within 15 minutes',
    act: 'comment.change',
    role: 'operator',
    params,
    body: commentBody,
    responses: { 200: commentEntry },
  }),
  deleteComment: operation({
    ...at,
    method: 'DELETE',
    path: '/v1/runs/{run_id}/comments/{comment_id}',
    summary: 'Delete a comment: your own, or any as an admin',
    act: 'comment.delete',
    role: 'operator',
    params,
    responses: { 204: '' },
  }),
};
