import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { call } from '../api/call.ts';
import { meQuery } from '../api/queries.ts';
import { Button, Clamp, Field, Loading, Problem } from '../kit/controls.tsx';
import { Json } from '../kit/json.tsx';
import { useKeys } from '../kit/keyboard.ts';
import { defaultsOf, missingIn, type Values } from '../kit/schema.ts';
import { SchemaForm } from '../kit/schema-form.tsx';
import { Time } from '../kit/time.tsx';
import { tellProblem } from '../kit/told.tsx';
import { decideLater } from './later.ts';
import { LookLater } from './look-later.tsx';
import { type Task, tasksChanged } from './use-tasks.ts';

/** What has been filled in and not been taken, by task: an answer that was refused is still there. */
const drafts = new Map<string, { values: Values; comment: string; error?: unknown }>();

/** Why the reader cannot answer, if so. */
export function useMayAnswer({ assignees }: { assignees: readonly string[] }): string | undefined {
  const { data: me } = useQuery(meQuery);
  if (!me) return 'Who you are is being read.';
  if (me.role === 'viewer') return 'Answering takes the role operator.';
  const isAsked = assignees.length === 0 || assignees.some((one) => one.toLowerCase() === me.email?.toLowerCase());
  return isAsked || me.role === 'admin' ? undefined : `It asks ${assignees.join(', ')}.`;
}

/** A question with all that it says, to be answered in place. */
export function Approval({ id }: { id: string }) {
  const task = useQuery({
    queryKey: ['tasks', 'one', id],
    queryFn: ({ signal }) => call('getTask', { params: { task_id: id } }, signal),
  });
  if (task.isPending) return <Loading rows={3} />;
  if (task.isError) return <Problem error={task.error} retry={() => void task.refetch()} />;
  return <Asked task={task.data} />;
}

const WORDS = { approve: 'Approved', reject: 'Rejected' } as const;

function Asked({ task }: { task: Task }) {
  const schema = task.form ?? {};
  const kept = drafts.get(task.id);
  const [values, setValues] = useState<Values>(() => kept?.values ?? defaultsOf(schema));
  const [comment, setComment] = useState(kept?.comment ?? '');
  const [problem, setProblem] = useState<string>();
  const mayNot = useMayAnswer(task) ?? (task.status === 'open' ? undefined : `It is ${task.status}.`);
  const answer = (decision: 'approve' | 'reject') => {
    if (mayNot) return;
    const missing = decision === 'approve' ? missingIn(schema, values) : [];
    if (missing.length > 0) {
      setProblem(`To approve it, fill in ${missing.join(', ')}.`);
      document.querySelector<HTMLElement>('[data-answer] :is(input, select, textarea):required')?.focus();
      return;
    }
    const said = comment.trim() ? { comment: comment.trim() } : {};
    const form = decision === 'approve' && task.form ? { form: values } : {};
    drafts.set(task.id, { values, comment });
    decideLater([task.id], WORDS[decision], () =>
      call('answerTask', { params: { task_id: task.id }, body: { decision, ...said, ...form } }).then(
        () => {
          drafts.delete(task.id);
          return tasksChanged();
        },
        (error: unknown) => {
          drafts.set(task.id, { values, comment, error });
          tellProblem(error);
          throw error;
        },
      ),
    );
  };
  useKeys({ a: () => answer('approve'), r: () => answer('reject') });
  return (
    <div className="answer" data-answer>
      {task.body && (
        <p className="prewrap">
          <Clamp text={task.body} most={2000} />
        </p>
      )}
      <p className="muted">
        Asked by{' '}
        <Link to="/runs/$runId" params={{ runId: task.run_id }} search={{ step: task.step }}>
          {task.reference ?? task.run_name}
        </Link>{' '}
        at <code>{task.step}</code>
        {task.expires_at && (
          <>
            {'. '}Without an answer it expires <Time at={task.expires_at} />
          </>
        )}
        {task.assignees.length > 0 && `. Asked: ${task.assignees.join(', ')}`}.
      </p>
      {task.form && <SchemaForm schema={task.form} values={values} onValues={setValues} error={kept?.error} place="form" />}
      {task.given !== null && task.given !== undefined && <Json label="Given with the answer" value={task.given} />}
      <Field label="Comment" hint="In the log of the run, with your name.">
        {(id) => (
          <input
            id={id}
            className="input"
            maxLength={4000}
            value={comment}
            onChange={(event) => setComment(event.target.value)}
          />
        )}
      </Field>
      {problem && (
        <p className="field-error" role="alert">
          {problem}
        </p>
      )}
      <div className="row wrap">
        <Button kind="primary" icon="check" because={mayNot} onClick={() => answer('approve')}>
          Approve
        </Button>
        <Button icon="cross" because={mayNot} onClick={() => answer('reject')}>
          Reject
        </Button>
        <span className="grow" />
        <LookLater task={task} />
      </div>
    </div>
  );
}
