import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { isMap } from '../../../shared/kernel/is-map.ts';
import { parseJson } from '../../../shared/kernel/json.ts';
import { type BodyOf, call } from '../api/call.ts';
import { Button, Clamp, Field, Loading, Problem } from '../kit/controls.tsx';
import { ReasonDialog } from '../kit/dialog.tsx';
import { Time } from '../kit/time.tsx';
import { answerAll } from './answer-all.ts';
import { useMayAnswer } from './approval.tsx';
import { decideLater } from './later.ts';
import { LookLater } from './look-later.tsx';
import type { TaskEntry } from './use-tasks.ts';

export interface Group {
  id: string;
  tasks: readonly TaskEntry[];
}

/** Failures with the same cause stand together, where the newest of them stands. */
export function groupsOf(tasks: readonly TaskEntry[]): Group[] {
  const groups = Map.groupBy(tasks, ({ group, id }) => group ?? id);
  return [...groups].map(([id, inner]) => ({ id, tasks: inner }));
}

type Decision = 'retry' | 'skip' | 'fail';
const DECISIONS: Record<Decision, { verb: string; word: string; says: string }> = {
  retry: { verb: 'Retry', word: 'Retried', says: 'The step is executed again, as a further attempt.' },
  skip: { verb: 'Skip', word: 'Skipped', says: 'The run goes on as if the step had given this output.' },
  fail: { verb: 'Fail', word: 'Failed', says: 'The run fails as it would have without asking.' },
};
const LISTED = 20;
/** The most that the API takes. */
export const MOST_COMMENT = 4000;

type Asked = { decision: Decision; task?: TaskEntry };

/** What failed alike, and what becomes of it: of one run, or of all. */
export function Exceptions({ group }: { group: Group }) {
  const [asked, setAsked] = useState<Asked>();
  const [first] = group.tasks;
  const mayNot = useMayAnswer({ assignees: first?.assignees ?? [] });
  if (!first) return null;
  const isAlone = group.tasks.length === 1;
  return (
    <div className="answer">
      <p className="prewrap">
        <b>{first.error?.name ?? 'Failure'}</b>: <Clamp text={first.error?.message ?? first.title} />
      </p>
      <ul className="alike">
        {group.tasks.slice(0, LISTED).map((task) => (
          <li key={task.id} className="row wrap">
            <Link to="/runs/$runId" params={{ runId: task.run_id }} search={{ step: task.step }} className="cut grow">
              {task.reference ?? task.run_name}
            </Link>
            <span className="muted">
              <Time at={task.opened_at} />
            </span>
            {!isAlone &&
              (['retry', 'skip', 'fail'] as const).map((decision) => (
                <Button
                  key={decision}
                  kind="ghost"
                  because={mayNot}
                  aria-label={`${DECISIONS[decision].verb} ${task.reference ?? task.run_name}`}
                  onClick={() => setAsked({ decision, task })}
                >
                  {DECISIONS[decision].verb}
                </Button>
              ))}
          </li>
        ))}
        {group.tasks.length > LISTED && <li className="faint">and {group.tasks.length - LISTED} more</li>}
      </ul>
      <div className="row wrap">
        {(['retry', 'skip', 'fail'] as const).map((decision) => (
          <Button
            key={decision}
            kind={decision === 'retry' ? 'primary' : 'plain'}
            because={mayNot}
            onClick={() => setAsked(isAlone ? { decision, task: first } : { decision })}
          >
            {DECISIONS[decision].verb}
            {!isAlone && ` all ${group.tasks.length}`}
          </Button>
        ))}
        <span className="grow" />
        {isAlone && <LookLater task={first} />}
      </div>
      {asked && <Decide asked={asked} group={group} onClose={() => setAsked(undefined)} />}
    </div>
  );
}

const MOST_AT_ONCE = 500;
const PAGE = 100;

/** All that are open in a group, also those that are not listed. */
async function everyOf(group: string, signal: AbortSignal): Promise<TaskEntry[]> {
  const all: TaskEntry[] = [];
  for (let token: string | undefined; ; ) {
    const query = { status: 'open' as const, group, limit: PAGE, ...(token !== undefined && { continuation_token: token }) };
    const page = await call('listTasks', { query }, signal);
    all.push(...page.items);
    token = page.continuation_token ?? undefined;
    if (token === undefined || all.length >= MOST_AT_ONCE) return all;
  }
}

function Decide({ asked: { decision, task }, group, onClose }: { asked: Asked; group: Group; onClose: () => void }) {
  const [text, setText] = useState('');
  const { verb, word, says } = DECISIONS[decision];
  const every = useQuery({
    queryKey: ['tasks', 'group', group.id],
    queryFn: ({ signal }) => everyOf(group.id, signal),
    enabled: task === undefined,
    staleTime: 0,
  });
  const tasks = task ? [task] : (every.data ?? []);
  const given = givenWith(decision, text);
  const count = tasks.length === 1 ? '1 run' : `${tasks.length}${tasks.length >= MOST_AT_ONCE ? '+' : ''} runs`;
  const act = async (comment: string | undefined) => {
    const body = { decision, ...(comment && { comment }), ...given?.body };
    decideLater(
      tasks.map(({ id }) => id),
      word,
      () => answerAll(tasks, body),
    );
  };
  return (
    <ReasonDialog
      title={`${verb} ${task ? (task.reference ?? task.run_name) : 'all of them'}`}
      verb={`${verb} ${count}`}
      danger={decision === 'fail'}
      label="Comment"
      hint="In the log of each run, with your name."
      most={MOST_COMMENT}
      because={
        given === undefined
          ? 'What is given is no JSON.'
          : tasks.length === 0
            ? every.isPending
              ? 'They are being counted.'
              : 'None is open any more.'
            : undefined
      }
      opened
      onClose={onClose}
      act={act}
    >
      {task === undefined && every.isPending && <Loading rows={2} />}
      {every.isError && <Problem error={every.error} />}
      <p>{says}</p>
      {task === undefined && tasks.length > 0 && (
        <p className="muted">
          {tasks
            .slice(0, 5)
            .map((one) => one.reference ?? one.run_name)
            .join(', ')}
          {tasks.length > 5 && ` and ${tasks.length - 5} more`}
        </p>
      )}
      {decision !== 'fail' && (
        <Field
          label={decision === 'retry' ? 'Other input (optional)' : 'Output (optional)'}
          hint={
            decision === 'retry'
              ? 'JSON: what stands under the kind of the step, all of it, instead of what the document says.'
              : 'JSON; null unless given.'
          }
          error={given === undefined ? 'This is no JSON of that kind.' : undefined}
        >
          {(id) => (
            <textarea
              id={id}
              className="textarea code short"
              spellCheck={false}
              rows={3}
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          )}
        </Field>
      )}
    </ReasonDialog>
  );
}

type Body = BodyOf<'answerTask'>;

function givenWith(decision: Decision, text: string): { body: Partial<Body> } | undefined {
  if (text.trim() === '' || decision === 'fail') return { body: {} };
  try {
    const value = parseJson(text);
    if (decision === 'skip') return { body: { output: value } };
    return isMap(value) ? { body: { inputs: value } } : undefined;
  } catch {
    return undefined;
  }
}
