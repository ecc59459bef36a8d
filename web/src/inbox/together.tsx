import { useState } from 'react';
import { Button } from '../kit/controls.tsx';
import { ReasonDialog } from '../kit/dialog.tsx';
import { answerAll } from './answer-all.ts';
import { useMayAnswer } from './approval.tsx';
import { MOST_COMMENT } from './exceptions.tsx';
import { decideLater } from './later.ts';
import type { TaskEntry } from './use-tasks.ts';

const DECISIONS = {
  approve: { verb: 'Approve', word: 'Approved' },
  reject: { verb: 'Reject', word: 'Rejected' },
} as const;
const NAMED = 8;

/** Answers all approvals that are selected with the same. */
export function Together({ tasks, onClear }: { tasks: readonly TaskEntry[]; onClear: () => void }) {
  const [asked, setAsked] = useState<keyof typeof DECISIONS>();
  const mayNot = useMayAnswer({ assignees: [...new Set(tasks.flatMap(({ assignees }) => assignees))] });
  const questions = tasks.length === 1 ? '1 question' : `${tasks.length} questions`;
  const act = async (decision: keyof typeof DECISIONS, comment: string | undefined) => {
    decideLater(
      tasks.map(({ id }) => id),
      DECISIONS[decision].word,
      () => answerAll(tasks, { decision, ...(comment && { comment }) }),
    );
    onClear();
  };
  return (
    <div className="row wrap selection-bar" role="region" aria-label="Selected questions">
      <b className="num">{tasks.length} selected</b>
      <Button kind="primary" icon="check" because={mayNot} onClick={() => setAsked('approve')}>
        Approve {questions}
      </Button>
      <Button icon="cross" because={mayNot} onClick={() => setAsked('reject')}>
        Reject {questions}
      </Button>
      <span className="grow" />
      <Button kind="ghost" onClick={onClear}>
        Clear
      </Button>
      {asked && (
        <ReasonDialog
          title={`${DECISIONS[asked].verb} ${questions}`}
          verb={`${DECISIONS[asked].verb} ${questions}`}
          danger={asked === 'reject'}
          label="Comment"
          hint="In the log of each run, with your name."
          most={MOST_COMMENT}
          opened
          onClose={() => setAsked(undefined)}
          act={(comment) => act(asked, comment)}
        >
          <ul className="to-answer">
            {tasks.slice(0, NAMED).map(({ id, title, reference, run_name }) => (
              <li key={id}>
                {title} <span className="muted">{reference ?? run_name}</span>
              </li>
            ))}
            {tasks.length > NAMED && <li className="muted">and {tasks.length - NAMED} more</li>}
          </ul>
          {asked === 'approve' && (
            <p className="muted">
              One whose form has to be filled in cannot be approved like this: it stays open, and you are told.
            </p>
          )}
        </ReasonDialog>
      )}
    </div>
  );
}
