import * as z from 'zod';
import { operation } from '../edge/route.ts';
import { resourceId } from '../edge/schema.ts';
import { answerBody, changeBody, taskDetail, taskEntries, taskQuery } from './task.http.ts';

const at = { tag: 'tasks', entry: 'api/tasks' } as const;
const params = z.object({ task_id: resourceId });

const PAGE = 'text/html; charset=utf-8';

const link = {
  tag: 'tasks',
  entry: 'api/answer-by-link',
  path: '/answer/{task_id}/{token}',
  open: true,
  raw: true,
  params: z.object({ task_id: resourceId, token: z.string().min(1).max(2_000) }),
  responses: { 200: PAGE, 400: PAGE, 403: PAGE, 404: PAGE, 409: PAGE, 413: PAGE, 429: PAGE },
} as const;

/** Where the links lead that mails to people hold. */
export const answerLinks = {
  showQuestion: operation({ ...link, method: 'GET', summary: 'Shows a person what a mail asks; answers nothing' }),
  answerByLink: operation({ ...link, method: 'POST', summary: 'Answers a task in the name of whom a mail has asked' }),
};

export const tasks = {
  listTasks: operation({
    ...at,
    method: 'GET',
    path: '/v1/tasks',
    summary: 'What people are asked, newest first',
    query: taskQuery,
    responses: { 200: taskEntries },
  }),
  getTask: operation({
    ...at,
    method: 'GET',
    path: '/v1/tasks/{task_id}',
    summary: 'A task with its text and its form',
    params,
    responses: { 200: taskDetail },
  }),
  answerTask: operation({
    ...at,
    method: 'POST',
    path: '/v1/tasks/{task_id}/answer',
    summary: 'Answer a task; its run goes on',
    act: 'task.answer',
    role: 'operator',
    params,
    body: answerBody,
    responses: { 200: taskDetail },
    refuses: [409],
  }),
  changeTask: operation({
    ...at,
    method: 'PATCH',
    path: '/v1/tasks/{task_id}',
    summary: 'Ask other people, or show an open task later',
    act: 'task.change',
    role: 'operator',
    params,
    body: changeBody,
    responses: { 200: taskDetail },
    refuses: [409],
  }),
};
