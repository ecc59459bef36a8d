import { projectOf, visible } from '../../shared/access/tenancy.ts';
import type { RequestOf } from '../../shared/api/request-of.ts';
import { ok } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import { isResourceId, pageView } from '../../shared/edge/schema.ts';
import { actorOf } from '../../shared/kernel/actor.ts';
import type { Caller } from '../../shared/kernel/role.ts';
import { type AnswerServices, answerTask as answer } from '../../shared/task/answer-task.ts';
import { tasks as tasksOperations } from '../../shared/task/operations.http.ts';
import { questionOf } from '../../shared/task/question.ts';
import { taskEntryView, taskView } from '../../shared/task/task.http.ts';
import { checkMayAnswer, closedAlready, type TaskRow } from '../../shared/task/task.ts';
import { engineServices, recorder, tasks } from '../adapters.ts';

export async function listTasks({ query, caller }: RequestOf<'listTasks'>, services: AnswerServices) {
  const { limit, continuation_token: token, assignee, project_id, workflow_id, run_id, ...rest } = query;
  const asked = assignee === 'me' ? (caller.email ?? 'nobody') : assignee;
  const filter = { ...rest, workspace: caller.workspace, project: projectOf(caller, project_id), assignee: asked };
  const found = await services.tasks.list({ ...filter, workflowId: workflow_id, runId: run_id }, { limit, token });
  return ok({ ...pageView(found, taskEntryView), searched_to: found.searchedTo ?? null });
}

export async function getTask({ params, caller }: RequestOf<'getTask'>, services: AnswerServices) {
  return shown(services, await taskOf(services, caller, params.task_id));
}

export async function answerTask({ params, body, caller }: RequestOf<'answerTask'>, services: AnswerServices) {
  const task = await taskOf(services, caller, params.task_id);
  checkMayAnswer(task, caller);
  return shown(services, await answer(services, task, body, actorOf(caller)));
}

export async function changeTask({ params, body, caller }: RequestOf<'changeTask'>, services: AnswerServices) {
  const task = await taskOf(services, caller, params.task_id);
  const { assignees, snoozeUntil } = body;
  const snoozedUntil = typeof snoozeUntil === 'string' ? new Date(snoozeUntil).toISOString() : snoozeUntil;
  const isChanged = task.status === 'open' && (await services.tasks.change(task, { assignees, snoozedUntil }, services.now()));
  const now = await taskOf(services, caller, params.task_id);
  if (!isChanged) throw closedAlready(now);
  return shown(services, now);
}

async function taskOf({ tasks }: AnswerServices, caller: Caller, id: string): Promise<TaskRow> {
  return visible(caller, 'task', id, isResourceId(id) ? await tasks.get(id) : undefined);
}

async function shown(services: AnswerServices, task: TaskRow) {
  const [question, given] = await Promise.all([questionOf(services, task), task.given ? services.values.read(task.given) : null]);
  return ok(taskView(task, { ...question, given }));
}

export const handler = http(
  tasksOperations,
  { listTasks, getTask, answerTask, changeTask },
  () => ({ ...engineServices(), tasks: tasks() }),
  recorder,
);
