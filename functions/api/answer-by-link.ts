import type { RequestOf } from '../../shared/api/request-of.ts';
import { type Answer, refusal } from '../../shared/edge/answer.ts';
import { http } from '../../shared/edge/http.ts';
import type { RawRequest } from '../../shared/edge/request.ts';
import { acting } from '../../shared/kernel/acting.ts';
import type { Actor } from '../../shared/kernel/actor.ts';
import { notFound, Problem } from '../../shared/kernel/problem.ts';
import type { Seals } from '../../shared/kernel/seals.ts';
import { firstWords, oneLine } from '../../shared/kernel/words.ts';
import { readLink } from '../../shared/task/answer-link.ts';
import { closedPage, noQuestionPage, PAGE_POLICY, questionPage, type Shown } from '../../shared/task/answer-page.ts';
import { type AnswerServices, answerTask } from '../../shared/task/answer-task.ts';
import { filledIn } from '../../shared/task/form-fields.ts';
import { answerLinks } from '../../shared/task/operations.http.ts';
import { questionOf } from '../../shared/task/question.ts';
import { answerBody } from '../../shared/task/task.http.ts';
import { engineServices, seals, tasks } from '../adapters.ts';

type Services = AnswerServices & { seals: Pick<Seals, 'open'> };

const MOST_BODY_BYTES = 256 * 1024;
const MOST_AGENT_CHARACTERS = 200;

/** Shows the question. Whoever looks at links in mails, such as a scanner, answers nothing by that. */
export const showQuestion = ({ params }: RequestOf<'showQuestion'>, services: Services) =>
  asPage(async () => stateOf(await askedBy(services, params)));

/** Takes the answer of the person whom the link is for. */
export const answerByLink = ({ params, raw }: RequestOf<'answerByLink'>, services: Services) =>
  asPage(async () => {
    const asked = await askedBy(services, params);
    const given = formIn(raw);
    try {
      const answer = answerIn(asked, given);
      const actor: Actor = { kind: 'member', id: asked.email, name: asked.email, email: asked.email };
      const what = { act: 'task.answer', actor, workspace: asked.task.workspace, from: fromOf(raw) } as const;
      const task = await acting(what, undefined, () => answerTask(services, asked.task, answer, actor));
      return stateOf({ ...asked, task });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const task = (await services.tasks.get(asked.task.id)) ?? asked.task;
      return { ...stateOf({ ...asked, task, given, problem: error.message }), status: refusal(error, '').status };
    }
  });

/** The task of a link, and whom it asks. Throws `not-found`, and `forbidden` when it asks others by now. */
async function askedBy(services: Services, { task_id: id, token }: { task_id: string; token: string }): Promise<Shown> {
  const email = await readLink(services.seals, id, token);
  const task = email === undefined ? undefined : await services.tasks.get(id);
  if (email === undefined || !task) throw notFound('link', id);
  if (task.status === 'open' && task.assignees.length > 0 && !task.assignees.includes(email))
    throw new Problem('forbidden', `“${task.title}” asks somebody else by now.`);
  return { task, email, ...(await questionOf(services, task)) };
}

const stateOf = (asked: Shown): Answer => ({
  status: 200,
  body: asked.task.status === 'open' ? questionPage(asked) : closedPage(asked),
});

/** A person looks at it: what is wrong is said on a page. */
async function asPage(answer: () => Promise<Answer>): Promise<Answer> {
  const { status, body } = await answer().catch((error: unknown): Answer => {
    if (!(error instanceof Problem)) throw error;
    const why = error.kind === 'not-found' ? 'This link is not whole, or what it was about is gone.' : error.message;
    return { status: refusal(error, '').status, body: noQuestionPage(why) };
  });
  return {
    status,
    body,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': PAGE_POLICY,
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'cross-origin-opener-policy': 'same-origin',
    },
  };
}

function formIn({ headers, body }: RawRequest): URLSearchParams {
  if (body.length > MOST_BODY_BYTES)
    throw new Problem('too-large', `The answer has ${body.length} bytes; ${MOST_BODY_BYTES} are the most that a page takes.`);
  if (!/^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? ''))
    throw new Problem('unsupported', 'An answer is what the page sends: application/x-www-form-urlencoded.');
  return new URLSearchParams(body.toString());
}

function answerIn({ task, form }: Shown, given: URLSearchParams) {
  const decision = given.get('decision');
  const comment = given.get('comment')?.trim();
  const isApproved = task.kind === 'approval' && decision === 'approve';
  const read = answerBody.safeParse({
    decision,
    ...(comment && { comment }),
    ...(isApproved && { form: filledIn(form, given) }),
  });
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new Problem('invalid', `${issue?.path.join('.')}: ${issue?.message}`);
}

const fromOf = ({ sourceIp: ip, headers }: RawRequest) => {
  const userAgent = firstWords(oneLine(headers['user-agent'] ?? ''), MOST_AGENT_CHARACTERS);
  return { ip, ...(userAgent && { userAgent }) };
};

export const handler = http(
  answerLinks,
  { showQuestion, answerByLink },
  (): Services => ({ ...engineServices(), tasks: tasks(), seals: seals() }),
);
